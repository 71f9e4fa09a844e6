# Writes a file's bytes as a C++ function that returns them:
#   cmake -DINPUT=FILE -DOUTPUT=FILE.cpp -DHEADER=h -DFUNCTION=name -P embed_file.cmake
file(READ ${INPUT} bytes HEX)
# Lines of 64 bytes: compilers and people choke on one of half a million characters.
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REPEAT "0x[0-9a-f][0-9a-f]," 64 row)
string(REGEX REPLACE "(${row})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT}
"// Made from ${INPUT} by web/embed/embed_file.cmake.
#include \"${HEADER}\"

namespace ullage::web_assets {

namespace {
constexpr unsigned char kBytes[] = {
${bytes}};
}  // namespace

std::string_view ${FUNCTION}() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

}  // namespace ullage::web_assets
")
