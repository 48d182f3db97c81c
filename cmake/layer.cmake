# confhouse_layer(<name> [USES <layer>...] [LIBRARIES <target>...])
#
# One folder under src/ is one static library, ch_<name>. Its headers are included as
# "<name>/<file>.h" through a folder of the build tree that holds this layer alone, so what a layer
# does not use, it cannot include.
function(confhouse_layer name)
    cmake_parse_arguments(ARG "" "" "USES;LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
    set(include_dir ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${include_dir})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${name} ${include_dir}/${name} SYMBOLIC)
    add_library(ch_${name} STATIC ${sources})
    target_include_directories(ch_${name} PUBLIC ${include_dir})
    list(TRANSFORM ARG_USES PREPEND ch_)
    target_link_libraries(ch_${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LIBRARIES})
    target_compile_definitions(ch_${name} PRIVATE CONFHOUSE_VERSION="${PROJECT_VERSION}")
endfunction()
