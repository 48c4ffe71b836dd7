# `cmake --install`: the libraries that are built, all headers, and what find_package(satchel) reads.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/satchel)
set(parts imaging tasks bundle torchscript predictor)
foreach(part ${parts})
  if(TARGET satchel_${part})
    list(APPEND built satchel_${part})
  endif()
endforeach()
install(TARGETS ${built} satchel_warnings EXPORT satchelTargets)
install(DIRECTORY include/satchel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT satchelTargets NAMESPACE satchel:: DESTINATION ${package_dir})
configure_package_config_file(
  cmake/satchelConfig.cmake.in satchelConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(satchelConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  cmake/FindWebP.cmake
  cmake/libtorch.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/satchelConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/satchelConfigVersion.cmake
  DESTINATION ${package_dir})
