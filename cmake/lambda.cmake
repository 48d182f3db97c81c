# Toolchain of the package for AWS Lambda: static executables for x86_64 or arm64, made on Debian 12
# from the libraries that scripts/lambda-deps unpacked and built below CONFHOUSE_LAMBDA_ROOT.
#
#     -DCONFHOUSE_LAMBDA_ARCH=x86_64|arm64 -DCONFHOUSE_LAMBDA_ROOT=<folder>
#
# Nothing of the machine's own headers and libraries is used but the compiler and its libgcc, so
# that every machine makes the same file.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CONFHOUSE_LAMBDA_ARCH CONFHOUSE_LAMBDA_ROOT)
if(NOT CONFHOUSE_LAMBDA_ARCH MATCHES "^(x86_64|arm64)$")
    message(FATAL_ERROR "CONFHOUSE_LAMBDA_ARCH is '${CONFHOUSE_LAMBDA_ARCH}', not x86_64 or arm64")
endif()
if(NOT EXISTS "${CONFHOUSE_LAMBDA_ROOT}/usr/include/stdio.h")
    message(FATAL_ERROR "there are no libraries in '${CONFHOUSE_LAMBDA_ROOT}': "
                        "run scripts/lambda-deps ${CONFHOUSE_LAMBDA_ARCH}")
endif()

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
if(CONFHOUSE_LAMBDA_ARCH STREQUAL "arm64")
    set(CMAKE_SYSTEM_PROCESSOR aarch64)
endif()
set(triplet ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})

# What is looked for is found in the folder, and static.
set(CMAKE_FIND_ROOT_PATH ${CONFHOUSE_LAMBDA_ROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS TRUE)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CONFHOUSE_LAMBDA_ROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CONFHOUSE_LAMBDA_ROOT}/usr/local/lib/pkgconfig)

# The libc of the folder stands before that of a cross compiler. Sections that nothing refers to
# are dropped. No path of this machine gets into the file, and archives bear no times (ar's D).
set(include ${CONFHOUSE_LAMBDA_ROOT}/usr/include)
set(CMAKE_C_FLAGS_INIT
    "-B${CONFHOUSE_LAMBDA_ROOT}/usr/lib/${triplet} -isystem ${include}/${triplet} -isystem ${include} \
-ffunction-sections -fdata-sections -fno-pie -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. \
-ffile-prefix-map=${CMAKE_BINARY_DIR}=. -ffile-prefix-map=${CONFHOUSE_LAMBDA_ROOT}=")
set(CMAKE_C_FLAGS_RELEASE_INIT "-O2 -DNDEBUG")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -no-pie -Wl,--gc-sections -Wl,--build-id=sha1")
set(CMAKE_C_ARCHIVE_CREATE "<CMAKE_AR> qcD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_APPEND "<CMAKE_AR> qD <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "<CMAKE_RANLIB> -D <TARGET>")
