# How Sluice's own targets are made: flags, and functions that turn a folder into a library, an
# executable or a test.
#
# Invariant: warnings and sanitizers reach our targets only, never a dependency's; -Werror is not
# here but in the ci preset (CMAKE_COMPILE_WARNING_AS_ERROR).

add_library(sluice_flags INTERFACE)
target_include_directories(sluice_flags INTERFACE "${PROJECT_SOURCE_DIR}"
                                                  "${PROJECT_SOURCE_DIR}/runtime/include")
target_compile_options(
  sluice_flags
  INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wundef
            $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast>
            $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
            # clang's -Wconversion includes sign changes, GCC's for C++ does not: the same for both.
            $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-sign-conversion>)
find_package(Threads REQUIRED)
target_link_libraries(sluice_flags INTERFACE Threads::Threads)

if(SLUICE_SANITIZE)
  # vptr needs RTTI, which the libraries do without; `function` reads the bytes before a callee,
  # which generated code does not have.
  set(_sanitize -fsanitize=${SLUICE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  if(SLUICE_SANITIZE MATCHES "undefined")
    list(APPEND _sanitize -fno-sanitize=vptr)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      list(APPEND _sanitize -fno-sanitize=function)
    endif()
  endif()
  # GCC says by macro which sanitizer is on; clang 19 does not, so it is told the same macros.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    if(SLUICE_SANITIZE MATCHES "address")
      list(APPEND _sanitize -U__SANITIZE_ADDRESS__ -D__SANITIZE_ADDRESS__=1)
    elseif(SLUICE_SANITIZE MATCHES "thread")
      list(APPEND _sanitize -U__SANITIZE_THREAD__ -D__SANITIZE_THREAD__=1)
    endif()
  endif()
  target_compile_options(sluice_flags INTERFACE ${_sanitize})
  target_link_options(sluice_flags INTERFACE ${_sanitize})
  # Built into every executable, so that it also runs right outside ctest.
  add_library(sluice_sanitizer_options OBJECT "${PROJECT_SOURCE_DIR}/.ci/sanitizer_options.cpp")
endif()
if(SLUICE_LIBFUZZER)
  target_compile_options(sluice_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# What engine, jit and runtime are built with: nothing ever unwinds through generated frames.
add_library(sluice_library_flags INTERFACE)
target_link_libraries(sluice_library_flags INTERFACE sluice_flags)
target_compile_options(sluice_library_flags
                       INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
                                 $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>)

# sluice_layer(<name> <folder>... [DEPENDS <target>...])
# One static library from all .cpp files below the folders; without any, an interface library.
function(sluice_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
  set(sources "")
  set(headers "")
  foreach(folder IN LISTS arg_UNPARSED_ARGUMENTS)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
    list(APPEND sources ${found})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.h"
         "${PROJECT_SOURCE_DIR}/${folder}/*.hpp")
    list(APPEND headers ${found})
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC sluice_flags PRIVATE sluice_library_flags)
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS})
    # Lets CMAKE_VERIFY_INTERFACE_HEADER_SETS compile each header alone.
    target_sources(${name} PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}"
                                                   FILES ${headers})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE sluice_flags ${arg_DEPENDS})
  endif()
endfunction()

# sluice_executable(<name> <source>... LINK <target>...): does nothing without sources.
function(sluice_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINK")
  if(NOT arg_UNPARSED_ARGUMENTS)
    return()
  endif()
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE sluice_flags ${arg_LINK})
  if(TARGET sluice_sanitizer_options)
    target_link_libraries(${name} PRIVATE sluice_sanitizer_options)
  endif()
endfunction()

# What every test finds in its environment.
set(SLUICE_TEST_ENVIRONMENT
    "SLUICE_SOURCE_DIR=${PROJECT_SOURCE_DIR}" "SLUICE_BINARY_DIR=${PROJECT_BINARY_DIR}"
    "SLUICE_CLI=${PROJECT_BINARY_DIR}/sluice" "SLUICE_SPEC_DIR=${SLUICE_SPEC_DIR}"
    "SLUICE_MODULES_DIR=${SLUICE_MODULES_DIR}" "SLUICE_SANITIZE=${SLUICE_SANITIZE}")

# sluice_add_test(<name> COMMAND <command>... [LABELS <label>...] [TIMEOUT <seconds>])
# A test with the common environment. A test that cannot run here prints one line that says why and
# exits with 77: ctest then counts it as skipped.
function(sluice_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  set_tests_properties(
    ${name} PROPERTIES ENVIRONMENT "${SLUICE_TEST_ENVIRONMENT}" SKIP_RETURN_CODE 77
                       TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()
