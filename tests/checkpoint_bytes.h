// Checkpoint files made by hand, so that a test can break any one field.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omma::testing {

template <class T>
std::string number(T value) {  // little-endian
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

inline std::span<const std::uint8_t> bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string safetensors_bytes(std::string_view header, std::string_view data = "") {
  return number<std::uint64_t>(header.size()) + std::string(header) + std::string(data);
}

// CRC-32 a bit at a time, independent of the library that the reader uses.
inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320U : 0);
  }
  return ~crc;
}

// One entry of a stored zip archive. Unset fields of the directory follow from the name and the bytes.
struct ZipRecord {
  std::string name, bytes;
  std::uint16_t flags = 0, method = 0;
  std::uint32_t wrong_crc = 0;            // xor-ed into both headers
  std::string directory_name = {};        // "" : the same
  std::uint32_t size_in_directory = ~0U;  // ~0: the same
  bool zip64 = false;                     // sizes and offset in the directory's extra field
};

struct ZipEnd {
  std::int64_t entries_error = 0, size_error = 0, offset_error = 0;  // added to the end record
  std::string comment = {};
  bool zip64 = false;
  std::int64_t zip64_offset_error = 0;
};

inline std::string zip_bytes(const std::vector<ZipRecord>& records, const ZipEnd& end = {}) {
  std::string archive, directory;
  for (const ZipRecord& record : records) {
    const auto offset = static_cast<std::uint32_t>(archive.size());
    const auto size = static_cast<std::uint32_t>(record.bytes.size());
    const std::uint32_t crc = crc32_of(record.bytes) ^ record.wrong_crc;
    const std::string common =
        number<std::uint16_t>(record.flags) + number<std::uint16_t>(record.method) + number<std::uint32_t>(0);
    archive += "PK\x03\x04" + number<std::uint16_t>(0) + common + number(crc) + number(size) + number(size) +
               number(static_cast<std::uint16_t>(record.name.size())) + number<std::uint16_t>(0) + record.name + record.bytes;
    const std::string& name = record.directory_name.empty() ? record.name : record.directory_name;
    const std::uint32_t told = record.size_in_directory != ~0U ? record.size_in_directory : size;
    std::string extra;
    if (record.zip64)
      extra = number<std::uint16_t>(1) + number<std::uint16_t>(24) + number<std::uint64_t>(told) + number<std::uint64_t>(told) +
              number<std::uint64_t>(offset);
    const auto field = [&](std::uint32_t value) { return number(record.zip64 ? ~0U : value); };
    directory += "PK\x01\x02" + number<std::uint32_t>(0) + common + number(crc) + field(told) + field(told) +
                 number(static_cast<std::uint16_t>(name.size())) + number(static_cast<std::uint16_t>(extra.size())) +
                 number<std::uint16_t>(0) + std::string(8, '\0') + field(offset) + name + extra;
  }
  const auto entries = static_cast<std::uint64_t>(static_cast<std::int64_t>(records.size()) + end.entries_error);
  const auto size = static_cast<std::uint64_t>(static_cast<std::int64_t>(directory.size()) + end.size_error);
  const auto offset = static_cast<std::uint64_t>(static_cast<std::int64_t>(archive.size()) + end.offset_error);
  archive += directory;
  if (end.zip64) {
    const auto at = static_cast<std::uint64_t>(static_cast<std::int64_t>(archive.size()) + end.zip64_offset_error);
    archive += "PK\x06\x06" + number<std::uint64_t>(44) + std::string(12, '\0') + number(entries) + number(entries) + number(size) +
               number(offset) + "PK\x06\x07" + number<std::uint32_t>(0) + number(at) + number<std::uint32_t>(1);
  }
  const auto short_entries = end.zip64 ? std::uint16_t{0xffff} : static_cast<std::uint16_t>(entries);
  const auto short_field = [&](std::uint64_t value) { return number(end.zip64 ? ~0U : static_cast<std::uint32_t>(value)); };
  return archive + "PK\x05\x06" + std::string(4, '\0') + number(short_entries) + number(short_entries) + short_field(size) +
         short_field(offset) + number(static_cast<std::uint16_t>(end.comment.size())) + end.comment;
}

// Pickle opcodes. A fragment leaves one value on the stack.
inline std::string pickled(std::string_view text) {
  return "X" + number(static_cast<std::uint32_t>(text.size())) + std::string(text);
}
inline std::string pickled(std::int64_t value) { return "\x8a\x08" + number(value); }
inline std::string pickled_global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string pickled_tuple(const std::vector<std::int64_t>& values) {
  std::string text = "(";
  for (const std::int64_t value : values) text += pickled(value);
  return text + "t";
}
inline std::string pickled_dict(std::string_view key, std::string_view value) {
  return "}" + pickled(key) + std::string(value) + "s";
}
inline std::string pickle_of(std::string_view value) { return "\x80\x02" + std::string(value) + "."; }

// The call that rebuilds a tensor, as torch.save writes it.
struct PickledTensor {
  std::string storage_class = "FloatStorage";
  std::string kind = pickled("storage");
  std::string key = pickled("0");
  std::string elements = pickled(4);
  std::string offset = pickled(0);
  std::string size = pickled_tuple({2, 2});
  std::string stride = pickled_tuple({2, 1});
  std::string function = pickled_global("torch._utils", "_rebuild_tensor_v2");

  std::string text() const {
    return function + "((" + kind + pickled_global("torch", storage_class) + key + pickled("cpu") + elements + "tQ" + offset +
           size + stride + "\x89" + pickled_global("collections", "OrderedDict") + ")RtR";
  }
};

// A torch.save archive of one pickle and storage 0.
inline std::string torch_zip(std::string_view pickle, std::string_view storage = std::string_view("0123456789abcdef")) {
  return zip_bytes({{"a/data.pkl", std::string(pickle)}, {"a/byteorder", "little"}, {"a/data/0", std::string(storage)}});
}
inline std::string torch_zip(const PickledTensor& tensor) { return torch_zip(pickle_of(pickled_dict("w", tensor.text()))); }

// The same before PyTorch 1.6: magic, version, system, values, keys, storages.
inline std::string torch_sequential(std::string_view pickle, std::string_view storage = std::string_view("0123456789abcdef")) {
  return pickle_of("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle_of(pickled(1001)) +
         pickle_of(pickled_dict("little_endian", "\x88")) + std::string(pickle) + pickle_of("](" + pickled("0") + "e") +
         number<std::int64_t>(static_cast<std::int64_t>(storage.size() / 4)) + std::string(storage);
}

}  // namespace omma::testing
