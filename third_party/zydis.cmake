# Zydis 4.0, the disassembler of the golden tests and of `sluice objdump` and `explore`. Debian:
# libzydis-dev. Optional and never downloaded: without it those tests are skipped and the commands
# say so. Defines sluice_zydis if it is there, and sluice_zydis_loaded for programs that load it
# themselves when they need it (SLUICE_ZYDIS_LIBRARY is its name, SLUICE_ZYDIS_PATH where it was
# found, which may be outside of what the loader searches); a static one is linked to both.
macro(sluice_find_zydis)
  if(NOT TARGET sluice_zydis)
    find_package(zydis 4.0 CONFIG QUIET)
    if(zydis_FOUND)
      add_library(sluice_zydis INTERFACE)
      target_link_libraries(sluice_zydis INTERFACE Zydis::Zydis)
      target_compile_definitions(sluice_zydis INTERFACE SLUICE_WITH_ZYDIS=1)
      add_library(sluice_zydis_loaded INTERFACE)
      get_target_property(zydis_type Zydis::Zydis TYPE)
      if(zydis_type STREQUAL "SHARED_LIBRARY")
        target_include_directories(
          sluice_zydis_loaded SYSTEM
          INTERFACE $<TARGET_PROPERTY:Zydis::Zydis,INTERFACE_INCLUDE_DIRECTORIES>)
        target_compile_definitions(
          sluice_zydis_loaded
          INTERFACE SLUICE_WITH_ZYDIS=1
                    SLUICE_ZYDIS_LIBRARY="$<TARGET_SONAME_FILE_NAME:Zydis::Zydis>"
                    SLUICE_ZYDIS_PATH="$<TARGET_FILE:Zydis::Zydis>")
        target_link_libraries(sluice_zydis_loaded INTERFACE ${CMAKE_DL_LIBS})
      else()
        target_link_libraries(sluice_zydis_loaded INTERFACE sluice_zydis)
      endif()
    endif()
  endif()
endmacro()
