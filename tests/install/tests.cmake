# The install test needs everything that is installed to be built: the default targets.
if(SLUICE_INSTALL
   AND TARGET sluice_cli
   AND EXISTS "${PROJECT_SOURCE_DIR}/runtime/include/sluice/sluice.hpp")
  sluice_add_test(
    install/embedders
    COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/install/run" "${PROJECT_BINARY_DIR}"
            "${CMAKE_C_COMPILER}" "${CMAKE_CXX_COMPILER}" "${SLUICE_BUILD_SHARED}"
    LABELS install)
endif()
