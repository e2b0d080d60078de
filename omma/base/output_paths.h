// Where results go: neither over nor among what is read, no two into one file, and told before the work where they cannot.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace omma {

// What a command reads. Files are told apart by what they are on the disk, not by their names: `./a.png`, a link to it and a second
// hard link are all the same. What is absent is left to its reader to tell. Const access is thread-safe.
class InputPaths {
 public:
  // A file of data: nothing replaces it, and names that the program chooses are not put beside it.
  void add_file(const std::filesystem::path& file);
  // A file that only says what to do, such as a list or a recipe: nothing replaces it.
  void add_settings(const std::filesystem::path& file);
  // A folder whose files are read, whichever they are: nothing is put among them. So with the folders in it where they are read,
  // too (`whole`), and with what links in it lead to. A file in its place, which a model may be, is an input by itself.
  void add_folder(const std::filesystem::path& folder);
  void add_whole_folder(const std::filesystem::path& folder);

  // Throw std::invalid_argument where a result would replace an input or stand among the inputs: a file that the user named, and
  // the files `names` in a folder that is.
  void expect_apart(const std::filesystem::path& file) const;
  void expect_apart(const std::filesystem::path& folder, std::span<const std::string> names) const;

 private:
  using FileId = std::pair<dev_t, ino_t>;
  using Places = std::map<FileId, std::filesystem::path>;  // and as it was named
  static void add(Places& places, const std::filesystem::path& path);
  static const std::filesystem::path* find(const Places& places, const std::filesystem::path& path);
  void expect_outside(const std::filesystem::path& result, const std::filesystem::path& folder) const;

  Places files_, beside_, folders_, whole_folders_;
};

// A name for the result of each picture, its own: `x` of dir/x.jpg, `x.jpg` and `x.png` where stems agree, `a-x` and `b-x` of
// a/x.jpg and b/x.jpg (what differs in the folders), and a number behind what is still the same. The same pictures in the same
// order give the same names.
std::vector<std::string> result_names(std::span<const std::filesystem::path> pictures);

// Where a file's name leads through links, whether anything is there yet or not.
std::filesystem::path follow_links(std::filesystem::path file);

// Throw where a file, or files in a folder, could not be written, and leave nothing behind: std::invalid_argument for a path that
// cannot be right (no such folder, a folder in a file's place, no permission), std::runtime_error for a disk that refuses. A folder
// may be absent if it can be made; a file's folder must be there.
void expect_writable_file(const std::filesystem::path& file);
void expect_writable_folder(const std::filesystem::path& folder);

}  // namespace omma
