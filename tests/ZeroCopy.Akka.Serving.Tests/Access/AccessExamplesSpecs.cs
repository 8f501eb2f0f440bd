using System.Net.Http.Headers;
using System.Security.Claims;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using ZeroCopy.OpenInference;
using ZeroCopy.Serving.Tests.Fakes;
using ZeroCopy.TestSupport;

namespace ZeroCopy.Serving.Tests.Access;

public sealed class AccessExamplesSpecs
{
    private const string Body = """{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]}""";
    private static readonly SymmetricSecurityKey Key = new(new byte[32]);

    [Fact]
    public void Documents_should_show_the_examples_word_for_word()
    {
        var documents = string.Join('\n', Documents.All.Select(File.ReadAllText));
        var examples = Documents.Examples("tests", "ZeroCopy.Akka.Serving.Tests", "Access", "AccessExamples.cs");

        Assert.Equal(2, examples.Count);
        Assert.All(examples, example => Assert.Contains(example, documents, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Keys_should_open_the_models()
    {
        await using var served = await ServedModels.BuildAsync(AccessExamples.AddKeys, _ => { }, FakeEndpoint.Identity());
        (await served.InferAsync("identity", Body)).Failed(401);
        served.Client.DefaultRequestHeaders.Add("X-API-Key", "test");

        (await served.InferAsync("identity", Body)).Succeeded();
        (await LoadAsync(served)).Failed(501);
    }

    [Fact]
    public async Task Tokens_should_open_the_models_and_their_repository_to_who_may()
    {
        await using var served = await StartAsync();
        Show(served, Token("models.call"));

        (await served.InferAsync("identity", Body)).Succeeded();
        (await LoadAsync(served)).Failed(403, "may not do this");

        Show(served, Token("models.call models.manage"));
        (await LoadAsync(served)).Failed(501);
    }

    [Fact]
    public async Task Tokens_should_open_grpc_too()
    {
        await using var served = await StartAsync();
        var shown = new Grpc.Core.CallOptions(new Metadata { { "authorization", $"Bearer {Token("models.call")}" } });

        var refused = await Assert.ThrowsAsync<RpcException>(() => AskAsync(default));
        var answer = await AskAsync(shown);

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.StartsWith("Credentials are needed", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("zerocopy", answer.Name);

        async Task<ServerMetadataResponse> AskAsync(Grpc.Core.CallOptions options) =>
            await served.Rpc.Call<ServerMetadataRequest, ServerMetadataResponse>("ServerMetadata", new ServerMetadataRequest(), options);
    }

    public static TheoryData<string?> Refused => new()
    {
        (string?)null,
        "no.token.atall",
        Token("models.call", audience: "others"),
        Token("models.call", issuer: "https://login.example.com"),
        Token("models.call", expires: new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc)),
        Token("models.call", key: new SymmetricSecurityKey([.. Enumerable.Repeat((byte)1, 32)])),
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Tokens_should_not_open_where_they_are_not_for_this_server(string? token)
    {
        await using var served = await StartAsync();
        Show(served, token);

        (await served.InferAsync("identity", Body)).Failed(401, "Credentials are needed");
        (await served.GetAsync("/v2/health/ready")).Succeeded();
    }

    [Fact]
    public void Serving_should_leave_an_applications_own_answers_to_who_may_not()
    {
        var services = new ServiceCollection();
        services.AddAuthorization();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, OwnAnswers>();

        services.AddZeroCopyServing();

        Assert.Equal(
            typeof(OwnAnswers),
            services.Last(service => service.ServiceType == typeof(IAuthorizationMiddlewareResultHandler)).ImplementationType);
    }

    private static Task<Answer> LoadAsync(ServedModels served) =>
        served.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v2/repository/models/identity/load"));

    /// <summary>With what the authority would say, as it cannot be asked here.</summary>
    private static Task<ServedModels> StartAsync() => ServedModels.BuildAsync(
        builder =>
        {
            AccessExamples.AddTokens(builder);
            builder.Services.Configure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, token =>
                token.Configuration = new OpenIdConnectConfiguration { Issuer = "https://login.example.org", SigningKeys = { Key } });
        },
        _ => { },
        FakeEndpoint.Identity());

    private static void Show(ServedModels served, string? token) =>
        served.Client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);

    private static string Token(
        string scope, string issuer = "https://login.example.org", string audience = "models", DateTime? expires = null,
        SecurityKey? key = null) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            Subject = new ClaimsIdentity([new Claim("sub", "somebody"), new Claim("scope", scope)]),
            NotBefore = new DateTime(2023, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            Expires = expires ?? new DateTime(2100, 1, 1, 0, 0, 0, DateTimeKind.Utc),
            SigningCredentials = new SigningCredentials(key ?? Key, SecurityAlgorithms.HmacSha256),
        });

    private sealed class OwnAnswers : IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(
            RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
            Task.CompletedTask;
    }
}
