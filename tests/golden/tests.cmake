# Golden tests: one ctest test per folder of .wat files. Skipped without Zydis.
sluice_find_zydis()
if(TARGET golden_runner)
  if(TARGET sluice_zydis)
    target_link_libraries(golden_runner PRIVATE sluice_zydis)
  endif()
  sluice_add_test(golden/baseline COMMAND golden_runner "${CMAKE_CURRENT_LIST_DIR}/baseline"
                  LABELS golden TIMEOUT 300)
endif()
