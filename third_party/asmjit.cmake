# asmjit: the assembler under jit/asm. Debian: libasmjit-dev, a static library at upstream commit
# 5b5b0b3 of 2022-12-10; the download is that commit.
# A downloaded asmjit becomes part of libsluice; SLUICE_ASMJIT_FETCHED tells the install rules.
macro(sluice_find_asmjit)
  set(SLUICE_ASMJIT_FETCHED OFF)
  find_package(asmjit CONFIG QUIET)
  if(NOT asmjit_FOUND)
    sluice_require_fetch(asmjit libasmjit-dev)
    set(ASMJIT_STATIC ON CACHE BOOL "" FORCE)
    set(ASMJIT_NO_FOREIGN ON CACHE BOOL "" FORCE)
    FetchContent_Declare(
      asmjit
      GIT_REPOSITORY https://github.com/asmjit/asmjit.git
      GIT_TAG 5b5b0b38775938df4d3779604ff1db60b9a9dcbf # untried here: no network
 SYSTEM)
    FetchContent_MakeAvailable(asmjit)
    set(SLUICE_ASMJIT_FETCHED ON)
  endif()
  add_library(sluice_asmjit INTERFACE)
  target_link_libraries(sluice_asmjit INTERFACE asmjit::asmjit)
endmacro()
