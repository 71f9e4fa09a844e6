# Writes a .cpp that holds the bytes of OBJECT, or none when that is empty.
set(bytes "")
if(OBJECT)
  file(READ ${OBJECT} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes
         "${bytes}")
endif()
file(WRITE ${OUTPUT} "#include \"sense/bpf/task_program.h\"

namespace ullage::sense {

namespace {
constexpr unsigned char kProgram[] = {${bytes} 0};
}

std::span<const unsigned char> task_program() { return {kProgram, sizeof(kProgram) - 1}; }

}  // namespace ullage::sense
")
