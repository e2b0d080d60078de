#include "omma/base/output_paths.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>

#include "omma/base/error.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

// Without links, as far as it is there.
fs::path real_path(const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : real;
}

}  // namespace

void InputPaths::add(Places& places, const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) places.emplace(FileId{info.st_dev, info.st_ino}, path);
}

const fs::path* InputPaths::find(const Places& places, const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return nullptr;
  const auto found = places.find(FileId{info.st_dev, info.st_ino});
  return found == places.end() ? nullptr : &found->second;
}

void InputPaths::add_file(const fs::path& file) {
  if (std::error_code ignored; !fs::exists(file, ignored)) return;
  add(files_, file);
  add(beside_, folder_of(file));
  add(beside_, folder_of(real_path(file)));
}

void InputPaths::add_settings(const fs::path& file) { add(files_, file); }

void InputPaths::add_folder(const fs::path& folder) {
  std::error_code error;
  add(fs::is_regular_file(folder, error) ? files_ : folders_, folder);
}

void InputPaths::add_whole_folder(const fs::path& folder) {
  add(whole_folders_, folder);
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (std::error_code ignored; entry->is_symlink(ignored))
      add(entry->is_directory(ignored) ? whole_folders_ : files_, entry->path());
}

void InputPaths::expect_outside(const fs::path& result, const fs::path& folder) const {
  const fs::path* among = find(folders_, folder);
  for (fs::path above = real_path(folder); among == nullptr; above = above.parent_path()) {
    among = find(whole_folders_, above);
    if (above == above.parent_path()) break;
  }
  if (among != nullptr)
    fail("{}: would be written among what is read in {}: choose another place", result.string(), among->string());
}

void InputPaths::expect_apart(const fs::path& file) const {
  if (const fs::path* input = find(files_, file))
    fail("{}: would be written over {}, which is read: choose another name", file.string(), input->string());
  expect_outside(file, folder_of(follow_links(file)));
}

void InputPaths::expect_apart(const fs::path& folder, std::span<const std::string> names) const {
  expect_outside(folder, folder);
  if (const fs::path* beside = find(beside_, folder))
    fail("{}: results would be written beside what is read in {}: choose another folder", folder.string(), beside->string());
  for (const std::string& name : names)
    if (const fs::path* input = find(files_, folder / name))
      fail("{}: would be written over {}, which is read: choose another folder", (folder / name).string(), input->string());
}

namespace {

// What is left of the folders when the names that all of them begin or end with are gone: "a" of x/a/y beside x/b/y.
std::vector<std::string> differing_parts(std::span<const fs::path> files) {
  std::vector<std::vector<std::string>> folders;
  std::size_t shortest = SIZE_MAX;
  for (const fs::path& file : files) {
    std::vector<std::string>& names = folders.emplace_back();
    for (const fs::path& name : fs::absolute(file).lexically_normal().parent_path()) names.push_back(name.string());
    shortest = std::min(shortest, names.size());
  }
  const auto agree = [&](const auto& name_of) {
    return std::ranges::all_of(folders, [&](const auto& names) { return name_of(names) == name_of(folders.front()); });
  };
  std::size_t front = 0, back = 0;
  while (front < shortest && agree([&](const auto& names) { return names[front]; })) ++front;
  while (front + back < shortest && agree([&](const auto& names) { return names[names.size() - 1 - back]; })) ++back;
  std::vector<std::string> parts;
  for (const auto& names : folders)
    parts.push_back(fmt::format(
        "{}", fmt::join(names.begin() + static_cast<std::ptrdiff_t>(front), names.end() - static_cast<std::ptrdiff_t>(back), "-")));
  return parts;
}

using Groups = std::map<std::string, std::vector<std::size_t>>;

// Those of one stem: by their names' endings, then by their folders.
void name_group(std::span<const fs::path> pictures, const std::vector<std::size_t>& group, std::vector<std::string>& names) {
  Groups of_one_name;
  for (const std::size_t index : group) of_one_name[pictures[index].filename().string()].push_back(index);
  for (const auto& [file_name, indices] : of_one_name) {
    const std::string name = of_one_name.size() == 1 ? fs::path(file_name).stem().string() : file_name;
    std::vector<fs::path> files;
    for (const std::size_t index : indices) files.push_back(pictures[index]);
    const std::vector<std::string> parts = differing_parts(files);
    for (std::size_t i = 0; i < indices.size(); ++i)
      names[indices[i]] = indices.size() == 1 || parts[i].empty() ? name : parts[i] + "-" + name;
  }
}

}  // namespace

std::vector<std::string> result_names(std::span<const fs::path> pictures) {
  Groups of_one_stem;
  for (std::size_t i = 0; i < pictures.size(); ++i) of_one_stem[pictures[i].stem().string()].push_back(i);
  std::vector<std::string> names(pictures.size());
  for (const auto& [stem, group] : of_one_stem) name_group(pictures, group, names);
  std::set<std::string> taken;
  std::map<std::string, int> last_numbers;
  for (std::string& name : names) {
    std::string candidate = name;
    for (int& number = last_numbers.try_emplace(name, 1).first->second; !taken.insert(candidate).second;)
      candidate = fmt::format("{}-{}", name, ++number);
    name = std::move(candidate);
  }
  return names;
}

fs::path follow_links(fs::path file) {
  constexpr int most = 40;  // as the kernel follows
  std::error_code error;
  for (int i = 0; i < most && fs::is_symlink(file, error); ++i) file = file.parent_path() / fs::read_symlink(file, error);
  return file;
}

namespace {

// Of the last system call, about a path that somebody named.
[[noreturn]] void cannot_write(const fs::path& path) {
  const int error = errno;
  constexpr std::array environment = {ENOSPC, EDQUOT, EIO, EFBIG, EMFILE, ENFILE, ENOMEM};
  if (std::ranges::find(environment, error) != environment.end())
    fail_runtime("{}: cannot write: {}", path.string(), std::strerror(error));
  fail("{}: cannot write: {}", path.string(), std::strerror(error));
}

// Makes and removes a file in the folder, which is what writing `path` would begin with.
void try_folder(const fs::path& folder, const fs::path& path) {
  const fs::path probe = folder / fmt::format(".{}.partial", ::getpid());
  const int descriptor = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) cannot_write(path);
  ::close(descriptor);
  ::unlink(probe.c_str());
}

}  // namespace

void expect_writable_file(const fs::path& file) {
  check(!file.empty() && file.has_filename(), "\"{}\": expected the name of a file to write", file.string());
  struct stat info{};
  const bool exists = ::stat(file.c_str(), &info) == 0;
  if (!exists && errno != ENOENT) cannot_write(file);
  check(!exists || !S_ISDIR(info.st_mode), "{}: expected the name of a file to write, this is a folder", file.string());
  if (exists && ::access(file.c_str(), W_OK) != 0) cannot_write(file);
  if (exists && !S_ISREG(info.st_mode)) return;  // a device or a pipe
  try_folder(folder_of(follow_links(file)), file);
}

void expect_writable_folder(const fs::path& folder) {
  check(!folder.empty(), "\"\": expected the name of a folder to write");
  fs::path there = real_path(folder);
  struct stat info{};
  while (::stat(there.c_str(), &info) != 0) {
    if (errno != ENOENT || there == there.parent_path()) cannot_write(folder);
    there = there.parent_path();
  }
  check(S_ISDIR(info.st_mode), "{}: expected a folder, {} is a file", folder.string(), there.string());
  try_folder(there, folder);
}

}  // namespace omma
