# CLI11 2.1.2, the command line's option parser. Debian: libcli11-dev. Needs exceptions, so only
# runtime/cli and tests use it.
macro(sluice_find_cli11)
  if(NOT TARGET sluice_cli11)
    find_package(CLI11 2.1 CONFIG QUIET)
    if(NOT CLI11_FOUND)
      sluice_require_fetch(CLI11 libcli11-dev)
      set(CLI11_BUILD_TESTS OFF CACHE BOOL "" FORCE)
      set(CLI11_BUILD_EXAMPLES OFF CACHE BOOL "" FORCE)
      set(CLI11_BUILD_DOCS OFF CACHE BOOL "" FORCE)
      set(CLI11_INSTALL OFF CACHE BOOL "" FORCE)
      FetchContent_Declare(
        cli11
        URL https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
        URL_HASH SHA256=26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb
 SYSTEM) # untried here: no network
      FetchContent_MakeAvailable(cli11)
    endif()
    add_library(sluice_cli11 INTERFACE)
    target_link_libraries(sluice_cli11 INTERFACE CLI11::CLI11)
  endif()
endmacro()
