# cmake --install: headers, libraries, the zoo, the recipes, what fetches larger models, a font and a find_package(omma) package that works when the tree is moved.
include(CMakePackageConfigHelpers)
get_property(libraries GLOBAL PROPERTY OMMA_LIBRARIES)
install(TARGETS ${libraries} EXPORT omma_targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT omma_targets NAMESPACE omma:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omma)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/omma DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/generated/omma/base/version.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/omma/base)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/zoo ${CMAKE_SOURCE_DIR}/recipes ${CMAKE_SOURCE_DIR}/pull DESTINATION ${CMAKE_INSTALL_DATADIR}/omma)
if(OMMA_FONT_FILE AND OMMA_FONT_LICENCE)
  install(FILES ${OMMA_FONT_FILE} DESTINATION ${CMAKE_INSTALL_DATADIR}/omma/fonts)
  install(FILES ${OMMA_FONT_LICENCE} DESTINATION ${CMAKE_INSTALL_DATADIR}/omma/fonts RENAME DejaVuSans.licence)
endif()
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/omma-config.cmake.in ${CMAKE_BINARY_DIR}/omma-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omma)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/omma-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/omma-config.cmake ${CMAKE_BINARY_DIR}/omma-config-version.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omma)
