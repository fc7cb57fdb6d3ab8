# What a compiler says to a wrong use of the C++ interface.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  sluice_add_test(
    api/messages
    COMMAND Python3::Interpreter "${CMAKE_CURRENT_LIST_DIR}/check_messages.py"
            "${CMAKE_CXX_COMPILER}" "${PROJECT_SOURCE_DIR}/runtime/include"
    LABELS unit)
endif()
