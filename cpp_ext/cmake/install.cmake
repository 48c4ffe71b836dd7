# `cmake --install`: the library, its headers, and what find_package(satchel) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/satchel)
install(TARGETS satchel_imaging satchel_warnings EXPORT satchelTargets)
install(DIRECTORY include/satchel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT satchelTargets NAMESPACE satchel:: DESTINATION ${package_dir})
configure_package_config_file(
  cmake/satchelConfig.cmake.in satchelConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(satchelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/satchelConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/satchelConfigVersion.cmake
  DESTINATION ${package_dir})
