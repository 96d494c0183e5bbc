// Losses that ask for a margin: between classes, ranks, similarities or distances.
#pragma once

#include "reduction.hpp"

namespace xg::nn {

struct MarginOptions {
  double margin = 1;
  Reduction reduction = Reduction::mean;
};

/// max(0, margin − y x), averaged, of scores x and labels y = ±1: the loss of support vector machines. d/dx = −y inside
/// the margin, else 0. Shapes are equal: throws ShapeError; ValueError naming a label that is neither 1 nor −1.
Tensor hinge(const Operand& scores, const Operand& labels, const MarginOptions& options = {});

/// x where y = 1 and max(0, margin − x) where y = −1, averaged, of distances x (PyTorch `hinge_embedding_loss`). Throws
/// as `hinge` does.
Tensor hinge_embedding(const Operand& distances, const Operand& labels, const MarginOptions& options = {});

struct MarginRankingOptions {
  double margin = 0;
  Reduction reduction = Reduction::mean;
};

/// max(0, margin − y (a − b)), averaged: a is to be ranked above b where y = 1, below where y = −1 (PyTorch
/// `margin_ranking_loss`). Throws as `hinge` does.
Tensor margin_ranking(const Operand& a, const Operand& b, const Operand& labels,
                      const MarginRankingOptions& options = {});

struct CosineEmbeddingOptions {
  double margin = 0;
  Reduction reduction = Reduction::mean;
};

/// 1 − cos(a, b) where y = 1 and max(0, cos(a, b) − margin) where y = −1, averaged, of vectors along the last axis
/// (PyTorch `cosine_embedding_loss`). (..., n), (..., n), (...) -> (). Vectors of zeros have cosine 0. Throws
/// ShapeError; ValueError naming a label that is neither 1 nor −1.
Tensor cosine_embedding(const Operand& a, const Operand& b, const Operand& labels,
                        const CosineEmbeddingOptions& options = {});

struct TripletMarginOptions {
  double margin = 1;
  /// Of the norm that measures distances; infinity for the largest difference.
  double p = 2;
  /// Added to the differences.
  double eps = 1e-6;
  /// The negative is kept away from the positive too, if that is nearer (Balntas et al. 2016).
  bool swap = false;
  Reduction reduction = Reduction::mean;
};

/// max(0, margin + |a − p| − |a − n|), averaged, of vectors along the last axis (PyTorch `triplet_margin_loss`): the
/// anchor a is to be nearer to the positive p than to the negative n. (..., n) three times -> (). Throws ShapeError;
/// ValueError unless p > 0 and eps ≥ 0.
Tensor triplet_margin(const Operand& anchor, const Operand& positive, const Operand& negative,
                      const TripletMarginOptions& options = {});

}  // namespace xg::nn
