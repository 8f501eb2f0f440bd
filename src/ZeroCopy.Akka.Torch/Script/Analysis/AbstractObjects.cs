namespace ZeroCopy.Torch.Script.Analysis;

/// <summary>
/// The objects that values are: attributes of modules, which are the state of a model, each for its class and whichever of its instances; a
/// function's arguments and what they hold; and what a function makes, each for its place in the source.
/// </summary>
internal static class AbstractObjects
{
    /// <summary>The constants beside the code.</summary>
    public const int Constants = 0;

    /// <summary>What a called function made.</summary>
    public const int Fresh = int.MaxValue;

    /// <summary>The first one that a function made itself.</summary>
    public const int Made = 1 << 30;

    /// <summary>An argument.</summary>
    public static int Argument(int index) => -1 - (2 * index);

    /// <summary>What an argument holds.</summary>
    public static int Inside(int argument) => argument - 1;

    public static bool IsArgument(int one) => one < 0 && (one & 1) != 0;

    /// <summary>The number of the argument that this is, or is inside of.</summary>
    public static int IndexOf(int one) => (-1 - one) / 2;

    /// <summary>Whether it is part of a model's state.</summary>
    public static bool IsState(int one) => one is >= 0 and < Made;
}
