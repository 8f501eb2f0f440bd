using System.Globalization;
using ZeroCopy.Endpoints;

namespace ZeroCopy.Serving.Calls;

/// <summary>Versions of models as the protocol writes them: texts.</summary>
internal static class ModelVersion
{
    /// <summary>A model without versions has its first one.</summary>
    public static string Text(int? version) => (version ?? 1).ToString(CultureInfo.InvariantCulture);

    /// <summary>The version that answered.</summary>
    public static int? Of(IModelEndpoint endpoint, ModelAnswer answer) => answer.Version ?? endpoint.Version;

    public static bool TryParse(string text, out int version) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out version) && version > 0;
}
