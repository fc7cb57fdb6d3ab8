# The conformance suites. Without SLUICE_SPEC_DIR the programs say so and count as skipped.
if(TARGET validate_suite)
  sluice_add_test(spec/validate COMMAND validate_suite LABELS spec TIMEOUT 600)
endif()
