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
# The program over wasm.h once more, linked to the layers: so that the sanitizers see it.
sluice_executable(wasm_embedder "${CMAKE_CURRENT_SOURCE_DIR}/install/wasm_embedder.c" LINK
                  sluice_runtime)
if(TARGET wasm_embedder)
  sluice_add_test(api/wasm_h COMMAND wasm_embedder LABELS unit)
endif()
