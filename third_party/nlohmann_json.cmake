# nlohmann-json 3.11.2, for the tests that read the converted suites. Debian: nlohmann-json3-dev.
macro(sluice_find_nlohmann_json)
  if(NOT TARGET sluice_json)
    find_package(nlohmann_json 3.11 CONFIG QUIET)
    if(NOT nlohmann_json_FOUND)
      sluice_require_fetch(nlohmann-json nlohmann-json3-dev)
      set(JSON_BuildTests OFF CACHE BOOL "" FORCE)
      set(JSON_Install OFF CACHE BOOL "" FORCE)
      FetchContent_Declare(
        nlohmann_json
        URL https://github.com/nlohmann/json/archive/refs/tags/v3.11.2.tar.gz
        URL_HASH SHA256=d69f9deb6a75e2580465c6c4c5111b89c4dc2fa94e3a85fcd2ffcd9a143d9273
 SYSTEM) # untried here: no network
      FetchContent_MakeAvailable(nlohmann_json)
    endif()
    add_library(sluice_json INTERFACE)
    target_link_libraries(sluice_json INTERFACE nlohmann_json::nlohmann_json)
  endif()
endmacro()
