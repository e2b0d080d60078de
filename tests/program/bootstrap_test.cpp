// omma bootstrap as a user runs it, with models of random weights.
#include <gtest/gtest.h>

#include <map>

#include "omma/models/blip/checkpoint.h"
#include "omma/text/vocabulary.h"
#include "tests/program/run_program.h"
#include "tests/unit/blip/small_blip.h"

namespace omma {
namespace {

namespace fs = std::filesystem;
using testing::run_program;

class BootstrapProgram : public ::testing::Test {
 protected:
  BootstrapProgram() {
    for (const char* architecture : {"BlipForConditionalGeneration", "BlipForImageTextRetrieval"}) {
      BlipConfig config = testing::small_blip_config(architecture);
      config.text_config.vocab_size = 1200;
      config.text_config.bos_token_id = 101;
      config.text_config.sep_token_id = 102;
      torch::manual_seed(7);
      const Blip model(config);
      const torch::NoGradGuard no_grad;
      for (auto& parameter : model->parameters())
        if (parameter.dim() > 1) parameter.normal_(0, 0.2);
      save_blip(directory_ / architecture, model,
                {.tokenizer = make_bert_tokenizer({"dog", "cat"}), .processor = square_image_processor(32), .generation = {}},
                torch::kFloat32);
    }
    const auto render = run_program({"render", "--seed", "5", "--count", "40", "--size", "48", "--format", "webdataset",
                                     "--samples-per-shard", "4", "--out", path("web"), "--quiet"});
    EXPECT_EQ(render.status, 0) << render.err;
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  std::vector<std::string> bootstrap(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"bootstrap",
                                          "--data",
                                          "webdataset:" + path("web"),
                                          "--captioner",
                                          path("BlipForConditionalGeneration"),
                                          "--filter",
                                          path("BlipForImageTextRetrieval"),
                                          "--out",
                                          path(out),
                                          "--threads",
                                          "1",
                                          "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::map<std::string, std::string> files_in(const std::string& folder) const {
    std::map<std::string, std::string> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_ / folder))
      files[entry.path().filename().string()] = read_file(entry.path());
    return files;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(BootstrapProgram, KilledJobsGoOn) {
  const auto whole = run_program(bootstrap("whole"));
  ASSERT_EQ(whole.status, 0) << whole.err;
  const json summary = whole.lines().at(0);
  EXPECT_EQ(summary["samples"], 40);
  EXPECT_GT(summary["synthetic"]["distinct"], 1);
  for (const char* manifest : {"manifest-000000.json", "manifest-000004.json"}) {
    fs::remove_all(directory_ / "killed");
    testing::kill_at(directory_ / "killed" / manifest, bootstrap("killed", {"--quiet"}));
    EXPECT_FALSE(fs::exists(directory_ / "killed/summary.json"));
    const auto rest = run_program(bootstrap("killed", {"--quiet"}));
    ASSERT_EQ(rest.status, 0) << rest.err;
    EXPECT_EQ(files_in("killed"), files_in("whole"));
  }
  const auto clean = run_program({"validate", "--task", "caption", "--data", "webdataset:" + path("whole"), "--json"});
  EXPECT_EQ(clean.status, 0) << clean.err;
  EXPECT_EQ(clean.lines().at(0)["total"], 0);
}

TEST_F(BootstrapProgram, RanksAndRefusals) {
  const auto second = run_program(bootstrap("out", {"--rank", "1", "--ranks", "2"}));
  ASSERT_EQ(second.status, 0) << second.err;
  EXPECT_EQ(second.lines().at(0), (json{{"shards", 10}, {"done", 5}, {"out", path("out")}}));
  const auto first = run_program(bootstrap("out"), {"RANK=0", "WORLD_SIZE=2"});
  ASSERT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(first.lines().at(0)["samples"], 40);
  EXPECT_EQ(run_program(bootstrap("out", {"--rank", "1"})).status, 2);
  EXPECT_EQ(run_program(bootstrap("out", {"--rank", "2", "--ranks", "2"})).status, 2);
  const auto other = run_program(bootstrap("out", {"--threshold", "0.9", "--seed", "3"}));
  EXPECT_EQ(other.status, 2);
  EXPECT_NE(other.err.find("seed: 0, here 3; threshold: 0.5, here 0.9"), std::string::npos) << other.err;
  write_file(directory_ / "BlipForImageTextRetrieval/preprocessor_config.json",
             read_file(directory_ / "BlipForImageTextRetrieval/preprocessor_config.json") + "\n");
  const auto retrained = run_program(bootstrap("out"));
  EXPECT_EQ(retrained.status, 2);
  EXPECT_NE(retrained.err.find("filter_contents"), std::string::npos) << retrained.err;
  auto nowhere = bootstrap("none");
  nowhere[2] = "webdataset:/nowhere";
  const auto missing = run_program(nowhere);
  EXPECT_EQ(missing.status, 2);
  EXPECT_NE(missing.err.find("/nowhere does not exist"), std::string::npos) << missing.err;
}

}  // namespace
}  // namespace omma
