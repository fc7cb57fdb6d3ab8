# The scripts of bench/: what they make of figures. Measuring itself is no test.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  foreach(name compare peers)
    sluice_add_test(bench/${name} COMMAND Python3::Interpreter
                    "${CMAKE_CURRENT_LIST_DIR}/${name}_test.py" LABELS tree)
  endforeach()
endif()
