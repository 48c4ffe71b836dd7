# Flags for our own code. They are never exported.
add_library(satchel_warnings INTERFACE)
target_compile_options(satchel_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(SATCHEL_WERROR)
  target_compile_options(satchel_warnings INTERFACE -Werror)
endif()
if(SATCHEL_SANITIZE)
  target_compile_options(satchel_warnings INTERFACE
    -fsanitize=${SATCHEL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1)
  target_link_options(satchel_warnings INTERFACE -fsanitize=${SATCHEL_SANITIZE})
endif()
