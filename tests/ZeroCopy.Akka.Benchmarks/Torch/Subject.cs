namespace ZeroCopy.Benchmarks.Torch;

/// <summary>What the benchmarks of modules run on.</summary>
public enum Subject
{
    /// <summary>Linear(128, 256), ReLU, Linear(256, 10): four tensors.</summary>
    Small,

    /// <summary>BERT-base's 12 layers and 199 tensors, but narrow: what is measured depends on their number, not on their bytes.</summary>
    Bert,
}
