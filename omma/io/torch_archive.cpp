// torch.save files: a zip archive of a pickle and one record per storage (since PyTorch 1.6), or the pickles and the storages one
// after the other (before; `_use_new_zipfile_serialization=False`). Source: torch/serialization.py.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/byte_reader.h"
#include "omma/io/file_magic.h"
#include "omma/io/quote.h"
#include "omma/io/tensor_file.h"
#include "omma/io/torch_pickle.h"
#include "omma/io/zip_archive.h"

namespace omma {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::uint8_t>;

constexpr int newest_format = 10;  // of the zip layout, its `version` record

// Tied weights make a file's tensors larger than the file; a file that claims much more is an attack on its reader's memory.
constexpr std::uint64_t tensor_bytes_per_file_byte = 8, tensor_bytes_at_least = 64 << 20;

bool is_contiguous(const TorchTensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] == 1) continue;
    if (tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

// Copies a strided view to row-major order. At least one element; every element within `storage`.
std::vector<std::uint8_t> gather(const TorchTensor& tensor, Bytes storage, std::uint64_t bytes) {
  const std::size_t size = bytes_of(tensor.dtype), rank = tensor.shape.size();
  std::vector<std::uint8_t> gathered(bytes);
  std::vector<std::int64_t> index(rank, 0);
  std::int64_t element = tensor.offset;
  for (std::uint64_t done = 0; done < bytes; done += size) {
    std::memcpy(gathered.data() + done, storage.data() + static_cast<std::size_t>(element) * size, size);
    for (std::size_t axis = rank; axis-- > 0;) {  // the next index, last axis fastest
      if (tensor.shape[axis] == 1) continue;      // its stride may be any number
      element += tensor.strides[axis];
      if (++index[axis] < tensor.shape[axis]) break;
      element -= tensor.strides[axis] * tensor.shape[axis];
      index[axis] = 0;
    }
  }
  return gathered;
}

TensorFile assemble(TorchPickle pickle, const std::vector<Bytes>& storages, const std::string& where, std::uint64_t file_bytes,
                    std::shared_ptr<const void> owner) {
  const std::uint64_t budget = tensor_bytes_at_least + tensor_bytes_per_file_byte * file_bytes;
  std::uint64_t spent = 0;
  std::vector<TensorView> tensors;
  std::vector<std::shared_ptr<const void>> owners = {std::move(owner)};
  for (TorchTensor& tensor : pickle.tensors) {
    const auto count = static_cast<std::uint64_t>(element_count(tensor.shape).value());
    if (count > (budget - spent) / bytes_of(tensor.dtype))
      fail("{}: tensor {}: [{}] takes the tensors beyond {} bytes in a file of {}", where, quote(tensor.name),
           fmt::join(tensor.shape, ", "), budget, file_bytes);
    const std::uint64_t bytes = count * bytes_of(tensor.dtype);
    spent += bytes;
    Bytes view;
    if (bytes > 0 && is_contiguous(tensor)) {
      view = storages[tensor.storage].subspan(static_cast<std::size_t>(tensor.offset) * bytes_of(tensor.dtype), bytes);
    } else if (bytes > 0) {
      const auto copy = std::make_shared<const std::vector<std::uint8_t>>(gather(tensor, storages[tensor.storage], bytes));
      view = *copy;
      owners.push_back(copy);
    }
    tensors.push_back({std::move(tensor.name), tensor.dtype, std::move(tensor.shape), view});
  }
  std::ranges::sort(tensors, {}, &TensorView::name);
  const auto twin = std::ranges::adjacent_find(tensors, {}, &TensorView::name);
  if (twin != tensors.end()) fail("{}: two tensors have the path {}", where, quote(twin->name));
  return TensorFile(std::move(tensors), std::move(pickle.metadata), std::move(owners));
}

std::string_view text_of(const ZipEntry& entry) { return {reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size()}; }

const ZipEntry* find_verified(const ZipArchive& archive, const std::string& name) {
  const ZipEntry* entry = archive.find(name);
  if (entry != nullptr) archive.verify(std::span(&entry, 1));
  return entry;
}

void check_format(const ZipArchive& archive, const std::string& folder, const std::string& where) {
  if (const ZipEntry* order = find_verified(archive, folder + "byteorder"))
    check(text_of(*order) == "little", "{}: byteorder: expected little, found {}", where, quote(text_of(*order)));
  if (const ZipEntry* version = find_verified(archive, folder + "version")) {
    const std::string text(text_of(*version).substr(0, 8));
    const int format = std::atoi(text.c_str());
    check(format >= 1 && format <= newest_format, "{}: version: expected 1 to {}, found {}", where, newest_format, quote(text));
  }
}

std::vector<Bytes> find_storages(const ZipArchive& archive, const std::string& folder, const std::vector<TorchStorage>& storages,
                                 const std::string& where) {
  std::vector<const ZipEntry*> records;
  for (const TorchStorage& storage : storages) {
    records.push_back(archive.find(folder + "data/" + storage.key));
    if (records.back() == nullptr) fail("{}: storage {}: expected a record data/{}, found none", where, storage.key, storage.key);
  }
  archive.verify(records);
  std::vector<Bytes> found;
  for (std::size_t i = 0; i < storages.size(); ++i) {
    found.push_back(records[i]->bytes);
    if (found[i].size() != storages[i].bytes)
      fail("{}: storage {}: expected {} bytes, found a record of {}", where, storages[i].key, storages[i].bytes, found[i].size());
  }
  return found;
}

// Its records are NAME/data.pkl, NAME/byteorder, NAME/version and NAME/data/KEY, all in one folder.
TensorFile parse_zip(Bytes bytes, const std::string& where, std::shared_ptr<const void> owner) {
  const ZipArchive archive(bytes, where);
  const auto& entries = archive.entries();
  const std::string folder = entries.empty() ? "" : std::string(entries[0].name.substr(0, entries[0].name.find('/') + 1));
  check(archive.find(folder + "constants.pkl") == nullptr,
        "{}: expected weights saved by torch.save, found a TorchScript program: save its state_dict instead", where);
  check_format(archive, folder, where);
  const ZipEntry* data = find_verified(archive, folder + "data.pkl");
  check(data != nullptr, "{}: expected a torch.save archive with a record data.pkl, found another zip archive", where);
  ByteReader reader(data->bytes, where + ": data.pkl");
  TorchPickle pickle = read_torch_pickle(reader);
  check(reader.left() == 0, "{}: expected the end of the pickle at byte {}, found {} more", reader.name(), reader.offset(),
        reader.left());
  const std::vector<Bytes> storages = find_storages(archive, folder, pickle.storages, where);
  return assemble(std::move(pickle), storages, where, bytes.size(), std::move(owner));
}

constexpr std::string_view sequential_magic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."sv;  // a pickled 80-bit number
constexpr std::size_t magic_within = 32;  // the pickle's PROTO and FRAME come before it

std::size_t find_sequential_magic(Bytes bytes) {
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), magic_within));
  return start.find(sequential_magic);
}

void check_system(ByteReader& reader) {
  const Pickle version = read_pickle(reader, {});
  check(version[version.root].kind == PickleValue::Kind::integer && version[version.root].integer == 1001,
        "{}: protocol version: expected 1001", reader.name());
  const Pickle system = read_pickle(reader, {});
  const auto& items = system[system.root].items;
  bool little = false;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (system[items[i]].text == "little_endian") little = system[items[i + 1]].integer == 1;
  check(little, "{}: little_endian: expected true", reader.name());
}

// Pickles of a magic number, a version and the writer's system; then the values; then the storages' keys and, in their order,
// for each its element count and its bytes.
TensorFile parse_sequential(Bytes bytes, const std::string& where, std::shared_ptr<const void> owner) {
  ByteReader reader(bytes, where);
  reader.take(find_sequential_magic(bytes) + sequential_magic.size());
  check_system(reader);
  TorchPickle pickle = read_torch_pickle(reader);

  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < pickle.storages.size(); ++i) index.emplace(pickle.storages[i].key, i);
  const Pickle keys = read_pickle(reader, {});
  const PickleValue& order = keys[keys.root];
  check(order.kind == PickleValue::Kind::list && order.items.size() == index.size(),
        "{}: expected the keys of {} storages, found {}", where, index.size(), order.items.size());
  std::vector<Bytes> storages(pickle.storages.size());
  for (const PickleId id : order.items) {
    const auto found = index.find(keys[id].text);
    if (found == index.end()) fail("{}: storage {}: unknown, or listed twice", where, quote(keys[id].text));
    const TorchStorage& storage = pickle.storages[found->second];
    const auto elements = reader.number<std::int64_t>();
    if (elements != storage.elements)
      fail("{}: storage {}: expected {} elements, found {}", where, storage.key, storage.elements, elements);
    storages[found->second] = reader.take(storage.bytes);
    index.erase(found);
  }
  check(reader.left() == 0, "{}: expected the end of the file after the storages, found {} bytes", where, reader.left());
  return assemble(std::move(pickle), storages, where, bytes.size(), std::move(owner));
}

}  // namespace

TensorFile parse_torch_archive(std::span<const std::uint8_t> bytes, std::string_view name, std::shared_ptr<const void> owner) {
  const std::string where(name);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4));
  if (start == "PK\x03\x04"sv) return parse_zip(bytes, where, std::move(owner));
  if (find_sequential_magic(bytes) != std::string_view::npos) return parse_sequential(bytes, where, std::move(owner));
  fail("{}: expected a file of torch.save, found {}", where, describe_magic(bytes));
}

TensorFile read_torch_archive(const std::filesystem::path& file) {
  auto mapped = std::make_shared<const MappedFile>(file);
  const auto bytes = mapped->bytes();
  return parse_torch_archive(bytes, file.string(), std::move(mapped));
}

}  // namespace omma
