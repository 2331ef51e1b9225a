# SPDX-License-Identifier: BSD-3-Clause
# What `cmake --install` gives: headers, libyoke.a, a CMake package and pkg-config files.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS yoke EXPORT yoke ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The exported targets are the whole package: it depends on nothing else.
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/yoke)
install(EXPORT yoke NAMESPACE yoke:: FILE yokeConfig.cmake DESTINATION ${package})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/yokeConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yokeConfigVersion.cmake DESTINATION ${package})

file(RELATIVE_PATH to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${PROJECT_SOURCE_DIR}/cmake/yoke.pc.in ${CMAKE_CURRENT_BINARY_DIR}/yoke.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yoke.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(YOKE_TOOLS AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    configure_file(${PROJECT_SOURCE_DIR}/cmake/yoke-host.pc.in
        ${CMAKE_CURRENT_BINARY_DIR}/yoke-host.pc @ONLY)
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/yoke-host.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
