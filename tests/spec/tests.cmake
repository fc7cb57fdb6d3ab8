# The conformance suites. Without SLUICE_SPEC_DIR the programs say so and count as skipped.
if(TARGET validate_suite)
  sluice_add_test(spec/validate COMMAND validate_suite LABELS spec TIMEOUT 600)
endif()
if(TARGET round_trip_suite)
  sluice_add_test(spec/round_trip COMMAND round_trip_suite LABELS spec TIMEOUT 600)
endif()
set(suites --suite core --suite core-bulk-memory --suite core-exceptions --suite core-multi-memory
    --suite core-memory64 --suite legacy-exceptions)
# The conformance suites, in every combination of memory mode, number of compile threads and way to
# split the stream. `bytes` feeds modules under 2 KiB byte by byte and larger ones in random pieces.
foreach(memory guard explicit)
  foreach(workers 0 2)
    foreach(split whole bytes)
      sluice_add_test(
        spec/${memory}/workers_${workers}/${split}
        COMMAND spec_runner ${suites} --memory ${memory}
                --workers ${workers} --split ${split} --expected-failures
                "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
        LABELS spec
        TIMEOUT 600)
    endforeach()
  endforeach()
endforeach()
# The same with every function compiled when it is first called, or in the background.
foreach(policy lazy adaptive)
  foreach(memory guard explicit)
    sluice_add_test(
      spec/${memory}/${policy}
      COMMAND spec_runner ${suites} --memory ${memory}
              --workers 2 --compile ${policy} --split whole --expected-failures
              "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
      LABELS spec
      TIMEOUT 600)
  endforeach()
endforeach()
# Registers that keep locals in all code, also that of vectors.
foreach(memory guard explicit)
  sluice_add_test(
    spec/${memory}/full
    COMMAND spec_runner ${suites} --suite core-simd --suite core-relaxed-simd --opt-level full
            --memory ${memory} --workers 0 --split whole --expected-failures
            "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
    LABELS spec
    TIMEOUT 600)
endforeach()
# No signal: every trap is a test in the code. And with every instruction metered.
foreach(kind signals_none fuel)
  if(kind STREQUAL "fuel")
    set(options --fuel --memory guard)
  else()
    set(options --signals none --memory explicit)
  endif()
  foreach(policy eager lazy)
    sluice_add_test(
      spec/${kind}/${policy}
      COMMAND spec_runner ${suites} ${options} --workers 2 --compile ${policy} --split whole
              --expected-failures "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
      LABELS spec
      TIMEOUT 600)
  endforeach()
  sluice_add_test(
    spec/${kind}/threads
    COMMAND spec_runner --suite threads --without multi-memory ${options} --workers 0 --split whole
    LABELS spec
    TIMEOUT 600)
  sluice_add_test(
    spec/${kind}/simd
    COMMAND spec_runner --suite core-simd --suite core-relaxed-simd ${options} --workers 0
            --split whole --expected-failures "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
    LABELS spec
    TIMEOUT 600)
endforeach()
# Proposals that are off unless asked for.
foreach(memory guard explicit)
  foreach(policy eager lazy)
    foreach(workers 0 2)
      sluice_add_test(
        spec/${memory}/options/${policy}/workers_${workers}
        COMMAND spec_runner --suite proposal-wide-arithmetic --feature wide-arithmetic
                --suite proposal-custom-page-sizes --feature custom-page-sizes --memory ${memory}
                --workers ${workers} --compile ${policy} --split bytes
        LABELS spec
        TIMEOUT 600)
      # The scripts of `threads` are older than multi-memory and say that a second one is invalid.
      sluice_add_test(
        spec/${memory}/threads/${policy}/workers_${workers}
        COMMAND spec_runner --suite threads --without multi-memory --memory ${memory}
                --workers ${workers} --compile ${policy} --split bytes
        LABELS spec
        TIMEOUT 600)
    endforeach()
  endforeach()
endforeach()
# Vectors, at each level of the processor's instructions.
foreach(cpu sse4.1 avx avx2 host)
  foreach(memory guard explicit)
    foreach(workers 0 2)
      sluice_add_test(
        spec/${memory}/simd/${cpu}/workers_${workers}
        COMMAND
          spec_runner --suite core-simd --suite core-relaxed-simd --memory ${memory} --cpu ${cpu}
          --workers ${workers} --split bytes --expected-failures
          "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
        LABELS spec
        TIMEOUT 600)
    endforeach()
  endforeach()
endforeach()
# The same with references collected whenever one is made.
foreach(memory guard explicit)
  sluice_add_test(
    spec/${memory}/collect_always
    COMMAND spec_runner --suite core --suite core-bulk-memory --suite core-multi-memory
            --suite core-exceptions --suite legacy-exceptions --memory ${memory}
            --workers 0 --split whole --collect-always --expected-failures
            "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
    LABELS spec
    TIMEOUT 600)
endforeach()
# The suites of features that are not compiled yet: what is refused must be refused for that reason,
# and everything else must pass.
foreach(memory guard explicit)
  sluice_add_test(
    spec/${memory}/not_compiled
    COMMAND
      spec_runner --suite core-gc --memory ${memory} --workers 2 --split bytes
      --allow-not-compiled --expected-failures "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
    LABELS spec
    TIMEOUT 600)
endforeach()
# What is refused does not depend on when functions are compiled.
sluice_add_test(
  spec/guard/not_compiled/lazy
  COMMAND
    spec_runner --suite core-gc --memory guard --workers 0 --compile lazy --split whole
    --allow-not-compiled --expected-failures "${CMAKE_CURRENT_LIST_DIR}/expected_failures.txt"
  LABELS spec
  TIMEOUT 600)
