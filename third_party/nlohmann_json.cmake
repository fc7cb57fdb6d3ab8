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
        URL https://github.com/nlohmann/json/releases/download/v3.11.2/json.tar.xz
        URL_HASH SHA256=8c4b26bf4b422252e13f332bc5e388ec0ab5c3443d24399acb675e68278d341f
        SYSTEM EXCLUDE_FROM_ALL) # untried here: no network
      FetchContent_MakeAvailable(nlohmann_json)
    endif()
    add_library(sluice_json INTERFACE)
    target_link_libraries(sluice_json INTERFACE nlohmann_json::nlohmann_json)
  endif()
endmacro()
