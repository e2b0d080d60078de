// Recall@k of texts for pictures and of pictures for texts.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "omma/base/json.h"
#include "omma/data/caption_dataset.h"
#include "omma/data/left_out_pictures.h"
#include "omma/tasks/matcher.h"

namespace omma {

// Pictures and the distinct texts that describe them; both lists ascending.
struct RetrievalPairs {
  std::vector<std::vector<std::size_t>> texts_of;   // of each picture
  std::vector<std::vector<std::size_t>> images_of;  // of each text

  void add(std::size_t image, std::size_t text);  // images in ascending order; a pair may come twice
};

// 0 where the best right one comes first. Ties count against it.
inline constexpr std::size_t not_ranked = std::numeric_limits<std::size_t>::max();  // no right one was a candidate
struct RetrievalRanks {
  std::vector<std::size_t> images;  // of each picture: its best text
  std::vector<std::size_t> texts;   // of each text: its best picture
};

// From scores [pictures, texts], row-major. Throws std::invalid_argument where their number does not fit.
RetrievalRanks retrieval_ranks(std::span<const float> scores, const RetrievalPairs& pairs);

struct Recall {
  double at1 = 0, at5 = 0, at10 = 0;
};
Recall recall_of(std::span<const std::size_t> ranks);

struct RetrievalOptions {
  std::size_t count = 0;  // of pictures, the first ones; 0: all
  std::size_t rerank =
      32;  // candidates of each picture and text that image-text matching orders anew; the paper 256 or 128; 0: none
  int batch = 16;
  double max_fault_share = .05;         // of pictures that cannot be read, which are left out
  LeftOutPictures* left_out = nullptr;  // of earlier evaluations of these data, so that each picture is told once
};

struct RetrievalEvaluation {
  std::vector<std::string> image_keys, texts;
  RetrievalPairs pairs;
  RetrievalRanks itc;  // by the cosine of the embeddings
  RetrievalRanks itm;  // of the candidates by matching; empty where rerank is 0
  std::size_t rerank = 0;
  std::vector<std::size_t> image_indices;  // of each picture, in the data set
  DatasetReport left_out;

  // "left_out" where some were; "itc_tr1", "itc_tr5", "itc_tr10" (texts of a picture), "itc_ir1"... (pictures of a text); after
  // re-ranking "tr1", "ir1"..., which without it are the same; "images", "texts", "rerank".
  json to_json() const;
};

// Equal captions are one text, right for all their pictures. Candidates are scored as in the paper's evaluation, by matching plus
// cosine, but by the log-odds of matching rather than by one of its two logits. Each picture is encoded twice: for its embedding,
// and with all the texts that need it. Throws what the matcher and the data set throw.
RetrievalEvaluation evaluate_retrieval(Matcher& matcher, const CaptionDataset& dataset, const RetrievalOptions& options = {});

}  // namespace omma
