# cmake -DIN=FILE -DOUT=FILE.cpp -DHEADER=INCLUDE -DFUNCTION=NAME -P EmbedFile.cmake: the bytes of a file as omma::NAME().
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include \"${HEADER}\"\n
namespace omma {
namespace {
constexpr std::uint8_t bytes[] = {${bytes}};
}
std::span<const std::uint8_t> ${FUNCTION}() { return bytes; }
}  // namespace omma
")
