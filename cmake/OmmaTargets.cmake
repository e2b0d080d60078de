# omma_library(NAME SOURCES... DEPS targets... PRIVATE targets...): one folder of the library as target omma_NAME.
# omma_optional(LIBRARY PIECE PRESENT sources... ABSENT sources... PACKAGE target): what omma_LIBRARY does by a package that the minimal
# build goes without: the same functions, of PRESENT or ABSENT.
# omma_torch_library: the same with LibTorch and its precompiled header.
# omma_test(NAME SOURCES... DEPS targets...): a GoogleTest program omma_NAME_test, run by ctest from the source folder.

function(omma_compile_options target)
  target_compile_options(${target} PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wno-sign-conversion;-Werror>")
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}> $<INSTALL_INTERFACE:include>)
  if(OMMA_UNITY)  # the headers of LibTorch, JSON and GoogleTest cost a file more than its own lines do
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
    # GNU takes each file for a header, and names of one file for those of its neighbours.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage;-Wno-shadow;-Wshadow=local>)
  endif()
  if(OMMA_FUZZ)  # libFuzzer steers by the coverage of the library, not of the target alone
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(OMMA_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${OMMA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${OMMA_SANITIZE})
  endif()
endfunction()

function(omma_library name)
  cmake_parse_arguments(LIB "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  add_library(omma_${name} STATIC ${LIB_SOURCES})
  add_library(omma::${name} ALIAS omma_${name})
  set_target_properties(omma_${name} PROPERTIES EXPORT_NAME ${name})
  omma_compile_options(omma_${name})
  target_link_libraries(omma_${name} PUBLIC ${LIB_DEPS} PRIVATE ${LIB_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY OMMA_LIBRARIES omma_${name})
endfunction()

# The package's headers are on no other file's path, and the library's other files are compiled as in the minimal build. Ordinary
# builds have the absent variants, too, for the program that the tests link of them (tests/structure/minimal).
function(omma_optional library piece)
  cmake_parse_arguments(PIECE "" "PACKAGE" "PRESENT;ABSENT" ${ARGN})
  omma_piece(${piece}_absent OF ${library} SOURCES ${PIECE_ABSENT})
  if(OMMA_MINIMAL)
    target_sources(omma_${library} PRIVATE $<TARGET_OBJECTS:omma_${piece}_absent>)
  else()
    omma_piece(${piece} OF ${library} SOURCES ${PIECE_PRESENT})
    target_link_libraries(omma_${piece} PRIVATE ${PIECE_PACKAGE})
    target_sources(omma_${library} PRIVATE $<TARGET_OBJECTS:omma_${piece}>)
    target_link_libraries(omma_${library} INTERFACE $<LINK_ONLY:${PIECE_PACKAGE}>)
  endif()
  set_property(GLOBAL APPEND PROPERTY OMMA_ABSENT_PIECES omma_${piece}_absent)
endfunction()

# Files compiled as those of omma_LIBRARY are.
function(omma_piece name)
  cmake_parse_arguments(PIECE "" "OF" "SOURCES" ${ARGN})
  add_library(omma_${name} OBJECT EXCLUDE_FROM_ALL ${PIECE_SOURCES})
  omma_compile_options(omma_${name})
  get_target_property(needs omma_${PIECE_OF} LINK_LIBRARIES)
  target_link_libraries(omma_${name} PRIVATE ${needs})
endfunction()

# omma/nn/torch.h is compiled once, by omma_torch_pch, and reused by every target with the same options.
function(omma_use_torch target)
  target_link_libraries(${target} PUBLIC omma_torch)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")  # as the precompiled header was, not -fPIE
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_compile_options(${target} PRIVATE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>)  # for ccache
  target_precompile_headers(${target} REUSE_FROM omma_torch_pch)
endfunction()

function(omma_torch_library name)
  omma_library(${name} ${ARGN})
  omma_use_torch(omma_${name})
endfunction()

function(omma_test name)
  cmake_parse_arguments(TEST "TORCH" "" "SOURCES;DEPS" ${ARGN})
  add_executable(omma_${name}_test ${TEST_SOURCES})
  omma_compile_options(omma_${name}_test)
  if(OMMA_SANITIZE)  # compiled more often than run
    target_compile_options(omma_${name}_test PRIVATE -O0)
  else()
    target_compile_options(omma_${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  target_link_libraries(omma_${name}_test PRIVATE ${TEST_DEPS} GTest::gtest_main)
  if(TEST_TORCH)
    omma_use_torch(omma_${name}_test)
    target_link_libraries(omma_${name}_test PRIVATE omma_passive_waiting)  # beside another one, at a tenth of the time
  endif()
  add_test(NAME ${name} COMMAND omma_${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()
