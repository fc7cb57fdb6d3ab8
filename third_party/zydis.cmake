# Zydis 4.0, the disassembler of the golden tests and of `sluice objdump` and `explore`. Debian:
# libzydis-dev. Optional and never downloaded: without it those tests are skipped and the commands say so. Defines sluice_zydis if it is there.
macro(sluice_find_zydis)
  if(NOT TARGET sluice_zydis)
    find_package(zydis 4.0 CONFIG QUIET)
    if(zydis_FOUND)
      add_library(sluice_zydis INTERFACE)
      target_link_libraries(sluice_zydis INTERFACE Zydis::Zydis)
      target_compile_definitions(sluice_zydis INTERFACE SLUICE_WITH_ZYDIS=1)
    endif()
  endif()
endmacro()
