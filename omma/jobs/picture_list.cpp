#include "omma/jobs/picture_list.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "omma/base/checksum.h"
#include "omma/base/config.h"
#include "omma/base/error.h"
#include "omma/base/output_paths.h"

namespace omma {
namespace fs = std::filesystem;

namespace {

// What a record gives back: a name that is no UTF-8 is changed on the way.
std::string as_recorded(const fs::path& file) { return parse_json(dump_json(file.string()), "picture"); }

}  // namespace

// The pictures as this run was told them, found by the texts that stand for them on record.
class PictureList::Given {
 public:
  explicit Given(std::span<const fs::path> pictures) {
    check(!pictures.empty(), "annotate: expected pictures, got none");
    for (const fs::path& picture : pictures) {
      const fs::path file = picture.lexically_normal();
      const auto [known, added] = files_.emplace(as_recorded(file), file);
      check(known->second == file, "{}: cannot be told from another picture: its name is no UTF-8", known->first);
      if (added) order_.push_back(known->first);
    }
  }

  const fs::path* find(const std::string& key) const {
    const auto found = files_.find(key);
    return found == files_.end() ? nullptr : &found->second;
  }

  std::vector<fs::path> without(const std::vector<std::string>& keys) const {
    const std::unordered_set<std::string_view> listed(keys.begin(), keys.end());
    std::vector<fs::path> rest;
    for (const std::string& key : order_)
      if (!listed.contains(key)) rest.push_back(files_.at(key));
    return rest;
  }

 private:
  std::unordered_map<std::string, fs::path> files_;
  std::vector<std::string> order_;
};

PictureList::PictureList(std::span<const fs::path> pictures, const PictureListOptions& options) : folder_(options.folder) {
  const Given given(pictures);
  for (;;) {
    while (fs::exists(part_file())) read_part(given, options);
    const std::vector<fs::path> added = given.without(keys_);
    expect_known(added, options.accepts_new || parts_ == 0);
    if (added.empty()) return;
    write_once(part_file(), part_of(added), options.rank);  // and read it: another rank may have been the first
  }
}

void PictureList::expect_known(const std::vector<fs::path>& added, bool accepts_new) const {
  Faults faults(folder_.string() + ": made of other pictures");
  std::vector<std::string_view> gone;
  for (std::size_t i = 0; i < pictures_.size(); ++i)
    if (pictures_[i].file.empty()) gone.push_back(keys_[i]);
  if (!gone.empty()) faults.add("{} of its {} are not in this list, first {}", gone.size(), pictures_.size(), gone.front());
  if (!added.empty() && !accepts_new)
    faults.add("{} of this list are new, first {} (--resume takes new ones in)", added.size(), added.front().string());
  faults.raise();
}

fs::path PictureList::part_file() const { return folder_ / fmt::format("pictures-{:06}.jsonl", parts_); }

// A shard never holds pictures of two parts: it would change when the second one comes.
void PictureList::read_part(const Given& given, const PictureListOptions& options) {
  const fs::path file = part_file();
  const std::size_t begin = pictures_.size();
  const MappedFile lines(file);
  std::string_view rest = lines.text();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const json record = parse_json(line, file.string());
    check(record.is_object() && record.value("file", json()).is_string() && record.value("name", json()).is_string(),
          "{}: expected {{\"file\", \"name\"}}, got {}", file.string(), line.substr(0, 80));
    keys_.push_back(record["file"]);
    const fs::path* picture = given.find(keys_.back());
    const fs::path gone = options.may_be_gone.contains(keys_.back()) ? fs::path(keys_.back()) : fs::path();
    pictures_.push_back({.file = picture != nullptr ? *picture : gone, .name = record["name"]});
  }
  for (std::size_t first = begin; first < pictures_.size(); first += options.shard_size)
    shards_.push_back({.begin = first, .end = std::min(first + options.shard_size, pictures_.size())});
  ++parts_;
}

std::string PictureList::part_of(const std::vector<fs::path>& added) const {
  std::vector<fs::path> all;
  std::unordered_set<std::string> taken;
  for (const ListedPicture& picture : pictures_) {
    all.push_back(picture.file);
    taken.insert(picture.name);
  }
  all.insert(all.end(), added.begin(), added.end());
  const std::vector<std::string> names = result_names(all);
  std::string lines;
  for (std::size_t i = pictures_.size(); i < all.size(); ++i) {
    std::string name = names[i];  // which one of before may have, as it was told from fewer
    for (int number = 2; !taken.insert(name).second; ++number) name = fmt::format("{}-{}", names[i], number);
    lines += dump_json({{"file", all[i].string()}, {"name", name}}) + "\n";
  }
  return lines;
}

std::vector<std::string> PictureList::shard_inputs() const {
  std::vector<std::string> inputs;
  for (const Shard& shard : shards_) {
    std::string names;
    for (std::size_t i = shard.begin; i < shard.end; ++i) names += keys_[i] + "\n";
    inputs.push_back(fmt::format("pictures {} to {}, {:016x}", shard.begin, shard.end - 1, checksum(names)));
  }
  return inputs;
}

}  // namespace omma
