# confhouse_embed(<layer> <folder>...)
#
# Puts every .sql file below the folders into the layer's library as a string constant:
# sql/merge/intervals.sql becomes sql_merge_intervals, queries/trend.sql becomes queries_trend.
# "sql_text.h" declares them all, and sql_files[] lists them by path.
function(confhouse_embed layer)
    set(out ${CMAKE_BINARY_DIR}/embedded)
    file(MAKE_DIRECTORY ${out})
    set(files)
    foreach(folder ${ARGN})
        file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
            ${CMAKE_SOURCE_DIR}/${folder}/*.sql)
        list(SORT found)
        list(APPEND files ${found})
    endforeach()
    list(TRANSFORM files PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE paths)
    string(REPLACE ";" "," names "${files}")
    add_custom_command(
        OUTPUT ${out}/sql_text.c ${out}/sql_text.h
        COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_SOURCE_DIR} -DOUT=${out} "-DFILES=${names}"
                -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
        DEPENDS ${paths} ${CMAKE_SOURCE_DIR}/cmake/embed_sql.cmake
        COMMENT "Embedding SQL" VERBATIM)
    target_sources(ch_${layer} PRIVATE ${out}/sql_text.c ${out}/sql_text.h)
    target_include_directories(ch_${layer} PUBLIC ${out})
endfunction()
