# Debian 12 names: libsqlite3-dev libcurl4-openssl-dev libssl-dev libcjson-dev libxlsxwriter-dev
# zlib1g-dev libexpat1-dev; libmicrohttpd-dev for the simulator, libcmocka-dev for the unit tests.
find_package(SQLite3 3.37 REQUIRED)
find_package(CURL 7.84 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(EXPAT REQUIRED)
find_package(Threads REQUIRED)
if(CMAKE_EXE_LINKER_FLAGS MATCHES "-static")
    # Found by hand: pkg-config breaks a folder's name at its spaces, and static libraries do not
    # name all that they need.
    foreach(name cjson xlsxwriter minizip)
        find_library(${name}_LIBRARY ${name} REQUIRED)
    endforeach()
    find_path(XLSXWRITER_INCLUDE xlsxwriter.h REQUIRED) # cJSON's folder is beside it
    add_library(PkgConfig::CJSON INTERFACE IMPORTED)
    target_link_libraries(PkgConfig::CJSON INTERFACE ${cjson_LIBRARY} m)
    target_include_directories(PkgConfig::CJSON INTERFACE ${XLSXWRITER_INCLUDE})
    add_library(PkgConfig::XLSXWRITER INTERFACE IMPORTED)
    target_link_libraries(PkgConfig::XLSXWRITER INTERFACE
        ${xlsxwriter_LIBRARY} ${minizip_LIBRARY} OpenSSL::Crypto ZLIB::ZLIB)
    target_include_directories(PkgConfig::XLSXWRITER INTERFACE ${XLSXWRITER_INCLUDE})
    target_link_libraries(SQLite::SQLite3 INTERFACE m)
else()
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
    pkg_check_modules(XLSXWRITER REQUIRED IMPORTED_TARGET xlsxwriter)
endif()
if(CONFHOUSE_SIM)
    pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
endif()
if(CONFHOUSE_TESTS)
    pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
