# `cmake --install`: public headers, libsluice.a and .so, the command, and the files by which CMake
# (find_package(sluice)) and pkg-config find them. Included where the library targets are made.
#
# libsluice.a needs asmjit beside it when asmjit came from the system; a downloaded asmjit is inside.
include(CMakePackageConfigHelpers)

install(FILES "${PROJECT_SOURCE_DIR}/runtime/include/wasm.h"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/runtime/include/sluice"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(TARGETS sluice_static EXPORT sluice-targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET sluice_shared)
  install(TARGETS sluice_shared EXPORT sluice-targets
          LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endif()
if(TARGET sluice_cli)
  install(TARGETS sluice_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  # The command writes its manual page and its completions itself, so they cannot say otherwise.
  set(made "${CMAKE_CURRENT_BINARY_DIR}/made")
  file(MAKE_DIRECTORY "${made}")
  add_custom_command(
    OUTPUT "${made}/sluice.1" "${made}/sluice.bash" "${made}/_sluice" "${made}/sluice.fish"
    COMMAND sluice_cli man > "${made}/sluice.1"
    COMMAND sluice_cli completion bash > "${made}/sluice.bash"
    COMMAND sluice_cli completion zsh > "${made}/_sluice"
    COMMAND sluice_cli completion fish > "${made}/sluice.fish"
    DEPENDS sluice_cli VERBATIM)
  add_custom_target(sluice_cli_texts ALL DEPENDS "${made}/sluice.1")
  install(FILES "${made}/sluice.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  set(share "${CMAKE_INSTALL_DATAROOTDIR}")
  install(FILES "${made}/sluice.bash" DESTINATION "${share}/bash-completion/completions" RENAME sluice)
  install(FILES "${made}/_sluice" DESTINATION "${share}/zsh/site-functions")
  install(FILES "${made}/sluice.fish" DESTINATION "${share}/fish/vendor_completions.d")
endif()

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sluice")
install(EXPORT sluice-targets NAMESPACE sluice:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/sluice-config.cmake.in"
                              "${CMAKE_CURRENT_BINARY_DIR}/sluice-config.cmake"
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/sluice-config-version.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/sluice-config.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/sluice-config-version.cmake"
        DESTINATION "${package_dir}")

# What a static link needs besides: with the system's asmjit its archive, and the C++ runtime, since
# the linking program may be C.
set(pkgconfig_private_libs "-lstdc++ -lm -lpthread")
if(NOT SLUICE_ASMJIT_FETCHED)
  string(PREPEND pkgconfig_private_libs "-lasmjit ")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/sluice.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/sluice.pc.tmp"
               @ONLY)
# The prefix is filled in while installing, so that `cmake --install --prefix` works.
install(
  CODE "
  file(READ \"${CMAKE_CURRENT_BINARY_DIR}/sluice.pc.tmp\" text)
  get_filename_component(prefix \"\${CMAKE_INSTALL_PREFIX}\" ABSOLUTE)
  string(REPLACE \"%PREFIX%\" \"\${prefix}\" text \"\${text}\")
  file(WRITE \"${CMAKE_CURRENT_BINARY_DIR}/sluice.pc\" \"\${text}\")")
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/sluice.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
