# GoogleTest and GoogleMock 1.12.1, for the tests. Debian: libgtest-dev, libgmock-dev.
macro(sluice_find_googletest)
  if(NOT TARGET sluice_gtest)
    find_package(GTest 1.12 CONFIG QUIET)
    if(NOT GTest_FOUND)
      sluice_require_fetch(GoogleTest libgtest-dev)
      set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
      set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
      FetchContent_Declare(
        googletest
        URL https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
        URL_HASH SHA256=81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2
 SYSTEM) # untried here: no network
      FetchContent_MakeAvailable(googletest)
    endif()
    add_library(sluice_gtest INTERFACE)
    target_link_libraries(sluice_gtest INTERFACE GTest::gtest)
    add_library(sluice_gtest_main INTERFACE)
    target_link_libraries(sluice_gtest_main INTERFACE GTest::gtest_main)
  endif()
endmacro()
