# mimalloc 2.0.9, for the benchmarks only. Debian: libmimalloc-dev.
# The shared library replaces the whole process's malloc and operator new, so the Sluice library
# must never link it: it allocates through hooks that its users may point at mimalloc.
macro(sluice_find_mimalloc)
  if(NOT TARGET sluice_mimalloc)
    find_package(mimalloc 2.0 CONFIG QUIET)
    add_library(sluice_mimalloc INTERFACE)
    if(mimalloc_FOUND)
      target_link_libraries(sluice_mimalloc INTERFACE mimalloc)
    else()
      sluice_require_fetch(mimalloc libmimalloc-dev)
      set(MI_BUILD_TESTS OFF CACHE BOOL "" FORCE)
      set(MI_BUILD_OBJECT OFF CACHE BOOL "" FORCE)
      set(MI_BUILD_SHARED OFF CACHE BOOL "" FORCE)
      FetchContent_Declare(
        mimalloc
        URL https://github.com/microsoft/mimalloc/archive/refs/tags/v2.0.9.tar.gz
        URL_HASH SHA256=4a29edae32a914a706715e2ac8e7e4109e25353212edeed0888f4e3e15db5850
 SYSTEM) # untried here: no network
      FetchContent_MakeAvailable(mimalloc)
      target_link_libraries(sluice_mimalloc INTERFACE mimalloc-static)
    endif()
    # A sanitizer brings its own malloc, and two replacements in one process do not work.
    if(SLUICE_SANITIZE)
      set_target_properties(sluice_mimalloc PROPERTIES INTERFACE_LINK_LIBRARIES "")
    else()
      target_compile_definitions(sluice_mimalloc INTERFACE SLUICE_WITH_MIMALLOC=1)
    endif()
  endif()
endmacro()
