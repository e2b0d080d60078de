# omma_torch: LibTorch as a target whose flags reach only what links it; omma_torch_pch: its precompiled header.
add_library(omma_torch INTERFACE)
set_target_properties(omma_torch PROPERTIES EXPORT_NAME torch_headers)
target_link_libraries(omma_torch INTERFACE ${TORCH_LIBRARIES})
# The wheel brings its own newer fmt headers without the library; they hide the system's, so they are used header-only.
target_compile_definitions(omma_torch INTERFACE FMT_HEADER_ONLY=1)
set_property(GLOBAL APPEND PROPERTY OMMA_LIBRARIES omma_torch)

file(WRITE ${CMAKE_BINARY_DIR}/torch_pch.cpp "// compiles the precompiled header\n")
add_library(omma_torch_pch OBJECT ${CMAKE_BINARY_DIR}/torch_pch.cpp)
omma_compile_options(omma_torch_pch)
target_link_libraries(omma_torch_pch PUBLIC omma_torch)
target_compile_options(omma_torch_pch PRIVATE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-fpch-preprocess>)  # for ccache
target_precompile_headers(omma_torch_pch PRIVATE "${CMAKE_SOURCE_DIR}/omma/nn/torch.h")
