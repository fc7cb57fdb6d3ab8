# Hostile input from fixed seeds: every prefix of the ten seed modules and 100,000 mutations of them.
# Under the asan preset this is where memory errors show. With libFuzzer the targets run by hand.
if(TARGET stream_fuzz AND NOT SLUICE_LIBFUZZER)
  set(corpus "${CMAKE_CURRENT_LIST_DIR}/corpus")
  sluice_add_test(fuzz/stream/prefixes COMMAND stream_fuzz --prefixes "${corpus}" LABELS fuzz
                  TIMEOUT 600)
  foreach(seed 1 2)
    sluice_add_test(
      fuzz/stream/mutations_${seed} COMMAND stream_fuzz --mutations 50000 --seed ${seed} "${corpus}"
      LABELS fuzz TIMEOUT 900)
  endforeach()
endif()
