# How each dependency is found: the system's package first, else a pinned download of the version
# that Debian 12 has. Nothing is copied into this repository.
#
# One file per dependency, each defining an interface target `sluice_<dependency>` that our targets
# link, so that the two ways look the same to them. Only asmjit is needed by the library itself;
# the others are looked for when something that uses them is built.
# Building from the pinned sources is tried (FETCHCONTENT_SOURCE_DIR_ASMJIT and so on point at
# unpacked copies); the downloads themselves are untried, for want of a network that reaches them.
# -DSLUICE_FETCH=NEVER forbids downloads.
set(SLUICE_FETCH AUTO CACHE STRING "Download dependencies that are not installed: AUTO or NEVER")
set_property(CACHE SLUICE_FETCH PROPERTY STRINGS AUTO NEVER)
include(FetchContent)

function(sluice_require_fetch what package)
  if(SLUICE_FETCH STREQUAL "NEVER")
    message(FATAL_ERROR "${what} is not installed (Debian: ${package}) and SLUICE_FETCH is NEVER.")
  endif()
  message(STATUS "${what} is not installed (Debian: ${package}): downloading the pinned version")
endfunction()

include("${CMAKE_CURRENT_LIST_DIR}/asmjit.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/googletest.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/benchmark.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/mimalloc.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/nlohmann_json.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/zydis.cmake")

sluice_find_asmjit()
