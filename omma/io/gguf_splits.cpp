// A GGUF file and those that it was split into: NAME-00001-of-00003.gguf, numbered from 1 in their names and from 0 in `split.no`.
#include <algorithm>
#include <map>

#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/gguf.h"
#include "omma/io/quote.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

std::string split_suffix(std::int64_t number, std::int64_t count) { return fmt::format("-{:05}-of-{:05}.gguf", number + 1, count); }

// Whether a name ends as those of splits do; of one that is alone, "-00001-of-00001.gguf", it does not.
bool is_named_as_split(std::string_view name) {
  constexpr std::string_view pattern = "-00000-of-00000.gguf";  // 0 stands for any digit
  if (name.size() < pattern.size()) return false;
  const std::string_view end = name.substr(name.size() - pattern.size());
  const bool matches = std::ranges::equal(end, pattern, [](char c, char p) { return p == '0' ? c >= '0' && c <= '9' : c == p; });
  return matches && end != split_suffix(0, 1);
}

GgufFile read_part(const fs::path& file) {
  auto mapped = std::make_shared<const MappedFile>(file);
  const auto bytes = mapped->bytes();
  return parse_gguf(bytes, file.string(), std::move(mapped));
}

// What a file says of the splits that it is one of.
struct SplitPlace {
  std::int64_t number = 0, count = 1, tensors = 0;
};

// A file without these keys is whole, and so is one that llama-gguf-split merged, which has a count of 0.
SplitPlace place_of(const fs::path& file, const GgufFile& part) {
  const GgufMetadata& metadata = part.metadata();
  SplitPlace place;
  if (metadata.has("split.count")) place.count = metadata.integer("split.count");
  const std::string where = file.string(), name = file.filename().string();
  check(place.count >= 0 && place.count <= max_gguf_splits, "{}: split.count: expected 0 to {}, found {}", where, max_gguf_splits,
        place.count);
  if (place.count <= 1) {
    check(!is_named_as_split(name), "{}: expected split.count to be the count in the file's name, found {}", where,
          metadata.has("split.count") ? std::to_string(place.count) : "no such key");
    return place;
  }
  place.number = metadata.integer("split.no");
  place.tensors = metadata.integer("split.tensors.count");
  check(place.number >= 0 && place.number < place.count, "{}: split.no: expected 0 to {}, as split.count is {}, found {}", where,
        place.count - 1, place.count, place.number);
  const std::string suffix = split_suffix(place.number, place.count);
  check(name.ends_with(suffix), "{}: expected a name that ends in {}, as split.no is {} and split.count is {}", where, suffix,
        place.number, place.count);
  return place;
}

// The files in their order; where some are missing, the error names them all.
std::vector<fs::path> find_parts(const fs::path& file, const SplitPlace& place) {
  const std::string name = file.filename().string();
  const std::string stem = name.substr(0, name.size() - split_suffix(place.number, place.count).size());
  std::vector<fs::path> parts;
  Faults faults(file.string());
  for (std::int64_t number = 0; number < place.count; ++number) {
    parts.push_back(file.parent_path() / (stem + split_suffix(number, place.count)));
    const bool is_there = fs::exists(fs::symlink_status(parts.back()));  // a link that leads nowhere is told when it is opened
    faults.expect(is_there, "{} is missing", quote(parts.back().filename().string()));
  }
  faults.raise();
  return parts;
}

// Adds the tensors of a part; `file_of` knows where each one was found before.
void add_tensors(const fs::path& file, const GgufFile& part, std::vector<GgufTensor>& tensors,
                 std::map<std::string, fs::path>& file_of) {
  for (const GgufTensor& tensor : part.tensors()) {
    const auto [first, is_new] = file_of.emplace(tensor.name, file);
    if (!is_new) fail("{}: tensor {} is in {}, too", file.string(), quote(tensor.name), quote(first->second.filename().string()));
    tensors.push_back(tensor);
  }
}

GgufFile read_parts(const std::vector<fs::path>& files, const SplitPlace& first) {
  GgufMetadata metadata;
  std::vector<GgufTensor> tensors;
  std::vector<std::shared_ptr<const void>> owners;
  std::map<std::string, fs::path> file_of;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const GgufFile part = read_part(files[i]);
    const SplitPlace place = place_of(files[i], part);  // its number and count are those of its name, or it would be refused
    check(place.tensors == first.tensors, "{}: split.tensors.count: expected {}, as the others say, found {}", files[i].string(),
          first.tensors, place.tensors);
    if (i == 0) metadata = part.metadata();
    add_tensors(files[i], part, tensors, file_of);
    owners.push_back(part.owner());
  }
  check(std::ssize(tensors) == first.tensors, "{}: split.tensors.count: expected {} tensors in all {} files, found {}",
        files.front().string(), first.tensors, files.size(), tensors.size());
  return GgufFile(std::move(metadata), std::move(tensors), std::move(owners));
}

}  // namespace

GgufFile read_gguf(const fs::path& file) {
  const GgufFile part = read_part(file);
  const SplitPlace place = place_of(file, part);
  return place.count <= 1 ? part : read_parts(find_parts(file, place), place);
}

}  // namespace omma
