# libtorch's libraries as imported targets: its CPU library and c10 alone, from SATCHEL_LIBTORCH, the folder `torch` of
# PyTorch's wheel or of a libtorch archive. With SATCHEL_CUDA it must be a build for GPUs, and devices `cuda:N` work.
# Read by our own build, and by find_package(satchel) in others.
set(SATCHEL_LIBTORCH "" CACHE PATH "Folder with libtorch's include and lib")
foreach(name torch_cpu c10)
  find_library(SATCHEL_LIB_${name} ${name} PATHS "${SATCHEL_LIBTORCH}/lib" NO_DEFAULT_PATH)
  if(NOT SATCHEL_LIB_${name})
    message(FATAL_ERROR "There is no lib${name} in '${SATCHEL_LIBTORCH}/lib': SATCHEL_LIBTORCH must be libtorch's folder.")
  endif()
  add_library(satchel_${name} SHARED IMPORTED)
  set_target_properties(satchel_${name} PROPERTIES IMPORTED_LOCATION "${SATCHEL_LIB_${name}}")
  target_include_directories(satchel_${name} SYSTEM INTERFACE
    "${SATCHEL_LIBTORCH}/include" "${SATCHEL_LIBTORCH}/include/torch/csrc/api/include")
endforeach()
if(SATCHEL_CUDA)
  # Nothing in it is called by name: it registers its kernels when it is loaded.
  add_library(satchel_torch_cuda INTERFACE IMPORTED)
  target_link_options(satchel_torch_cuda INTERFACE
    "LINKER:--no-as-needed,${SATCHEL_LIBTORCH}/lib/libtorch_cuda.so,--as-needed")
endif()
