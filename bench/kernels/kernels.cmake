# Compiles the kernels to WebAssembly, into SLUICE_KERNELS_DIR, if there is a clang
# for wasm32-wasi with its C library (Debian: clang-19, lld-19, wasi-libc). Else run_bench has
# nothing to run and says so.
set(SLUICE_KERNELS_DIR "${CMAKE_CURRENT_BINARY_DIR}/kernels")
find_program(SLUICE_WASI_CLANG NAMES clang-19 clang)
set(kernel_flags --target=wasm32-wasi -O2 -nostartfiles -Wl,--no-entry)
file(MAKE_DIRECTORY "${SLUICE_KERNELS_DIR}")
set(kernels_compile FALSE)
if(SLUICE_WASI_CLANG)
  execute_process(
    COMMAND "${SLUICE_WASI_CLANG}" ${kernel_flags} "${CMAKE_CURRENT_LIST_DIR}/trees.c" -o
            "${SLUICE_KERNELS_DIR}/trees.wasm"
    RESULT_VARIABLE kernel_status OUTPUT_QUIET ERROR_QUIET)
  if(kernel_status EQUAL 0)
    set(kernels_compile TRUE)
  endif()
endif()
if(kernels_compile)
  file(GLOB kernel_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.c")
  set(kernel_modules)
  foreach(source IN LISTS kernel_sources)
    get_filename_component(name "${source}" NAME_WE)
    # simd_*.c are two kernels each.
    set(variants "${name}")
    if(name MATCHES "^simd_")
      list(APPEND variants "${name}_scalar")
    endif()
    foreach(variant IN LISTS variants)
      set(module "${SLUICE_KERNELS_DIR}/${variant}.wasm")
      set(variant_flags "")
      if(variant MATCHES "^simd_" AND NOT variant MATCHES "_scalar$")
        set(variant_flags -msimd128)
      endif()
      add_custom_command(
        OUTPUT "${module}"
        COMMAND "${SLUICE_WASI_CLANG}" ${kernel_flags} ${variant_flags} "${source}" -o "${module}"
        DEPENDS "${source}" "${CMAKE_CURRENT_LIST_DIR}/kernel.h"
        VERBATIM)
      list(APPEND kernel_modules "${module}")
    endforeach()
  endforeach()
  add_custom_target(kernels ALL DEPENDS ${kernel_modules})
else()
  message(STATUS "no clang for wasm32-wasi: bench/kernels are not compiled")
endif()
