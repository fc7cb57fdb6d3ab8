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
# The same for the text format, with the modules' texts: what is read can be printed, and what is printed
# can be read.
if(TARGET text_fuzz AND NOT SLUICE_LIBFUZZER)
  sluice_add_test(fuzz/text/prefixes COMMAND text_fuzz --text --prefixes "${CMAKE_CURRENT_LIST_DIR}/corpus"
                  LABELS fuzz TIMEOUT 600)
  sluice_add_test(
    fuzz/text/mutations COMMAND text_fuzz --text --mutations 100000 --seed 1
                                "${CMAKE_CURRENT_LIST_DIR}/corpus" LABELS fuzz TIMEOUT 900)
  sluice_add_test(
    fuzz/text/printer COMMAND text_fuzz --mutations 100000 --seed 2 "${CMAKE_CURRENT_LIST_DIR}/corpus"
    LABELS fuzz TIMEOUT 900)
endif()
