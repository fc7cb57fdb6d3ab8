# The programs of docs/examples: each prints exactly its .expected file. Its guest is the one that its
# first comment names. They are built once more from an installed tree (tests/install).
set(examples "${PROJECT_SOURCE_DIR}/docs/examples")
file(GLOB sources CONFIGURE_DEPENDS "${examples}/*.c" "${examples}/*.cpp")
foreach(source IN LISTS sources)
  get_filename_component(name "${source}" NAME_WE)
  sluice_executable(example_${name} "${source}" LINK sluice_runtime)
  file(STRINGS "${source}" usage REGEX "${name} guests/" LIMIT_COUNT 1)
  string(REGEX MATCH "guests/[a-z_]+[.]wat" guest "${usage}")
  if(TARGET example_${name})
    sluice_add_test(
      examples/${name} COMMAND "${CMAKE_CURRENT_LIST_DIR}/run" "$<TARGET_FILE:example_${name}>"
      "${examples}/${guest}" "${examples}/${name}.expected" LABELS unit)
  endif()
endforeach()

# The guest of sum_array in C, with a C library's malloc.
if(TARGET example_sum_array)
  sluice_add_test(
    examples/sum_array/c_guest COMMAND "${CMAKE_CURRENT_LIST_DIR}/run_c_guest"
    "$<TARGET_FILE:example_sum_array>" "${examples}/guests/sum.c" "${examples}/sum_array.expected"
    LABELS unit)
endif()

if(Python3_FOUND)
  sluice_add_test(
    examples/guide COMMAND Python3::Interpreter "${CMAKE_CURRENT_LIST_DIR}/check_guide.py"
    "${PROJECT_SOURCE_DIR}/docs/EMBEDDING.md" "${examples}" LABELS tree)
endif()
